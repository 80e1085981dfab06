// SPDX-License-Identifier: BSD-2-Clause
// The *at calls: AT_FDCWD, a directory, a file as directory, absolute paths.
#include "../test.h"

static void test(void) {
    struct stat status;
    mkdir("d", 0755);
    int folder = open("d", O_RDONLY), file = make_file("d/f", "x");
    SUCCEEDS(openat(folder, "f", O_RDONLY));
    SUCCEEDS(openat(AT_FDCWD, "d/f", O_RDONLY));
    FAILS(openat(file, "f", O_RDONLY), ENOTDIR);
    FAILS(openat(99, "f", O_RDONLY), EBADF);
    SUCCEEDS(openat(99, "/dev/null", O_RDONLY));
    IS(mkdirat(folder, "sub", 0755), 0);
    IS(symlinkat("f", folder, "link"), 0);
    IS(fstatat(folder, "link", &status, 0), 0);
    CHECK(S_ISREG(status.st_mode));
    IS(fstatat(folder, "link", &status, AT_SYMLINK_NOFOLLOW), 0);
    CHECK(S_ISLNK(status.st_mode));
    IS(fstatat(file, "", &status, AT_EMPTY_PATH), 0);
    IS(status.st_size, 1);
    FAILS(fstatat(file, "", &status, 0), ENOENT);
    FAILS(fstatat(folder, "f", &status, 0x40000000), EINVAL);
    IS(linkat(folder, "f", AT_FDCWD, "g", 0), 0);
    IS(renameat(folder, "sub", AT_FDCWD, "sub"), 0);
    IS(unlinkat(folder, "f", 0), 0);
    FAILS(unlinkat(folder, "f", 0), ENOENT);
    FAILS(unlinkat(AT_FDCWD, "g", AT_REMOVEDIR), ENOTDIR);
    FAILS(unlinkat(AT_FDCWD, "g", 1), EINVAL);
    IS(faccessat(folder, "link", F_OK, AT_SYMLINK_NOFOLLOW), 0);
}
