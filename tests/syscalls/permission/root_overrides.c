// SPDX-License-Identifier: BSD-2-Clause
// Root reads and writes anything, and executes what has any x bit. Needs root.
#include "../test.h"

static void test(void) {
    make_file("f", "x");
    chown("f", 1000, 1000);
    chmod("f", 0);
    SUCCEEDS(open("f", O_RDWR));
    IS(access("f", R_OK | W_OK), 0);
    FAILS(access("f", X_OK), EACCES);
    chmod("f", 0001);
    IS(access("f", X_OK), 0);
    mkdir("d", 0);
    make_file("d/x", "y");
    IS(access("d/x", F_OK), 0);
    IS(access("d", X_OK), 0);
    FAILS(access("f", 8), EINVAL);
}
