// SPDX-License-Identifier: BSD-2-Clause
// unlink: directories, slashes, missing parts, symbolic links.
#include "../test.h"

static void test(void) {
    mkdir("d", 0755);
    make_file("f", "x");
    symlink("f", "l");
    symlink("d", "ld");
    FAILS(unlink("d"), EISDIR);
    FAILS(unlink("f/"), ENOTDIR);
    FAILS(unlink("none"), ENOENT);
    FAILS(unlink("f/x"), ENOTDIR);
    FAILS(unlink(""), ENOENT);
    FAILS(unlink("ld/"), ENOTDIR);
    FAILS(unlink("."), EISDIR);
    FAILS(rmdir("."), EINVAL);
    IS(unlink("l"), 0);
    IS(access("f", F_OK), 0);
    IS(unlink("ld"), 0);
    IS(access("d", F_OK), 0);
}
