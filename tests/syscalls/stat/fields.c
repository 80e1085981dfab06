// SPDX-License-Identifier: BSD-2-Clause
// The fields of stat for each kind of file.
#include "../test.h"

#include <sys/sysmacros.h>
static void test(void) {
    struct stat status;
    int fd = make_file("f", "hello");
    IS(fstat(fd, &status), 0);
    IS(status.st_mode, S_IFREG | 0644);
    IS(status.st_nlink, 1);
    IS(status.st_size, 5);
    IS(status.st_blocks, 8);
    IS(status.st_blksize, 4096);
    CHECK(status.st_ino != 0);
    mkdir("d", 0750);
    IS(stat("d", &status), 0);
    IS(status.st_mode, S_IFDIR | 0750);
    symlink("f", "l");
    IS(lstat("l", &status), 0);
    IS(status.st_mode, S_IFLNK | 0777);
    IS(status.st_size, 1);
    mkfifo("p", 0600);
    IS(stat("p", &status), 0);
    IS(status.st_mode, S_IFIFO | 0600);
    IS(stat("/dev/null", &status), 0);
    CHECK(S_ISCHR(status.st_mode));
    IS(major(status.st_rdev), 1);
    IS(minor(status.st_rdev), 3);
    int ends[2];
    pipe(ends);
    IS(fstat(ends[0], &status), 0);
    IS(status.st_mode, S_IFIFO | 0600);
    IS(fstat(socket(AF_UNIX, SOCK_STREAM, 0), &status), 0);
    IS(status.st_mode, S_IFSOCK | 0777);
    FAILS(stat("none", &status), ENOENT);
    FAILS(fstat(99, &status), EBADF);
}
