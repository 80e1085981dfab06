// SPDX-License-Identifier: BSD-2-Clause
// statx fills the mask it was asked for and agrees with stat.
#include "../test.h"

#include <linux/stat.h>
static void test(void) {
    struct stat status;
    struct statx more;
    int fd = make_file("f", "hello");
    symlink("f", "l");
    IS(fstat(fd, &status), 0);
    memset(&more, 0xee, sizeof more);
    IS(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_BASIC_STATS, &more), 0);
    IS(more.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    IS(more.stx_size, 5);
    IS(more.stx_mode, S_IFREG | 0644);
    IS(more.stx_nlink, 1);
    CHECK(more.stx_ino == status.st_ino);
    CHECK(more.stx_mtime.tv_sec == status.st_mtim.tv_sec);
    CHECK(more.stx_mtime.tv_nsec == (uint32_t)status.st_mtim.tv_nsec);
    CHECK(more.stx_uid == status.st_uid && more.stx_gid == status.st_gid);
    IS(syscall(SYS_statx, AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &more), 0);
    CHECK(S_ISLNK(more.stx_mode));
    IS(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_SIZE, &more), 0);
    IS(more.stx_size, 5);
    FAILS(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX__RESERVED, &more), EINVAL);
    FAILS(syscall(SYS_statx, AT_FDCWD, "f", 1, STATX_TYPE, &more), EINVAL);
    FAILS(syscall(SYS_statx, AT_FDCWD, "none", 0, STATX_TYPE, &more), ENOENT);
    FAILS(syscall(SYS_statx, AT_FDCWD, "f", 0, STATX_TYPE, BAD_POINTER), EFAULT);
}
