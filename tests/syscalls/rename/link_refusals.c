// SPDX-License-Identifier: BSD-2-Clause
// link: directories, existing names, symbolic links with and without following.
#include "../test.h"

static void test(void) {
    struct stat status;
    mkdir("d", 0755);
    make_file("f", "x");
    symlink("f", "l");
    symlink("none", "dangling");
    FAILS(link("d", "e"), EPERM);
    FAILS(link("f", "d"), EEXIST);
    FAILS(link("f", "l"), EEXIST);
    FAILS(link("none", "e"), ENOENT);
    FAILS(link("f", "none/e"), ENOENT);
    FAILS(link("f", "f/e"), ENOTDIR);
    IS(link("l", "l2"), 0);
    IS(lstat("l2", &status), 0);
    CHECK(S_ISLNK(status.st_mode));
    IS(linkat(AT_FDCWD, "l", AT_FDCWD, "f2", AT_SYMLINK_FOLLOW), 0);
    IS(lstat("f2", &status), 0);
    CHECK(S_ISREG(status.st_mode));
    IS(link("dangling", "dangling2"), 0);
    FAILS(linkat(AT_FDCWD, "dangling", AT_FDCWD, "x", AT_SYMLINK_FOLLOW), ENOENT);
    FAILS(link("f", "/dev/x-link"), EXDEV);
    FAILS(rename("f", "/dev/x-link"), EXDEV);
    FAILS(linkat(AT_FDCWD, "f", AT_FDCWD, "x", 1), EINVAL);
}
