// SPDX-License-Identifier: BSD-2-Clause
// rename refuses ".", "..", the root, and takes trailing slashes of directories only.
#include "../test.h"

static void test(void) {
    mkdir("d", 0755);
    touch("f");
    FAILS(rename("d/.", "e"), EBUSY);
    FAILS(rename("d/..", "e"), EBUSY);
    FAILS(rename("d", "f/."), ENOTDIR);
    FAILS(rename("/", "/x"), EBUSY);
    FAILS(rename("f/", "g"), ENOTDIR);
    FAILS(rename("f", "g/"), ENOTDIR);
    IS(rename("d/", "e/"), 0);
    IS(access("e", F_OK), 0);
    FAILS(rename("", "x"), ENOENT);
    FAILS(rename("f", ""), ENOENT);
}
