// SPDX-License-Identifier: BSD-2-Clause
// Links that are absolute, relative, in the middle of a path, with trailing slash.
#include "../test.h"

static void test(void) {
    char absolute[PATH_MAX + 8], target[16] = "";
    getcwd(absolute, PATH_MAX);
    strcat(absolute, "/d");
    mkdir("d", 0755);
    make_file("d/f", "x");
    IS(symlink(absolute, "absolute"), 0);
    IS(symlink("d", "relative"), 0);
    IS(symlink("../d/f", "d/up"), 0);
    IS(access("absolute/f", F_OK), 0);
    IS(access("relative/f", F_OK), 0);
    IS(access("relative/up", F_OK), 0);
    IS(access("relative/../d/f", F_OK), 0);
    struct stat status;
    IS(lstat("relative", &status), 0);
    CHECK(S_ISLNK(status.st_mode));
    IS(status.st_size, 1);
    IS(lstat("relative/", &status), 0);
    CHECK(S_ISDIR(status.st_mode));
    IS(readlink("relative", target, sizeof target), 1);
    FAILS(readlink("d", target, sizeof target), EINVAL);
    FAILS(readlink("d/f", target, sizeof target), EINVAL);
    FAILS(syscall(SYS_readlink, "relative", target, 0L), EINVAL);
    IS(readlink("d/up", target, 3), 3);
    FAILS(symlink("x", "d"), EEXIST);
    FAILS(symlink("", "empty"), ENOENT);
    FAILS(rmdir("relative"), ENOTDIR);
    FAILS(symlink("x", "none/y"), ENOENT);
}
