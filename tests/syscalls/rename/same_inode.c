// SPDX-License-Identifier: BSD-2-Clause
// Renaming one hard link over the other does nothing and keeps both.
#include "../test.h"

static void test(void) {
    struct stat status;
    make_file("a", "x");
    IS(link("a", "b"), 0);
    IS(rename("a", "b"), 0);
    IS(access("a", F_OK), 0);
    IS(access("b", F_OK), 0);
    IS(stat("a", &status), 0);
    IS(status.st_nlink, 2);
}
