// SPDX-License-Identifier: BSD-2-Clause
// Dots and repeated slashes.
#include "../test.h"

static void test(void) {
    mkdir("d", 0755);
    mkdir("d/e", 0755);
    make_file("d/f", "x");
    IS(access("d/./f", F_OK), 0);
    IS(access("d//f", F_OK), 0);
    IS(access("d/e/../f", F_OK), 0);
    IS(access("./d/../d/e/./../f", F_OK), 0);
    FAILS(access("d/f/..", F_OK), ENOTDIR);
    FAILS(access("d/f/.", F_OK), ENOTDIR);
    FAILS(access("d/f/", F_OK), ENOTDIR);
    FAILS(access("d/none/../f", F_OK), ENOENT);
    IS(access("/..", F_OK), 0);
    IS(access("d/e//", F_OK), 0);
    FAILS(access("", F_OK), ENOENT);
}
