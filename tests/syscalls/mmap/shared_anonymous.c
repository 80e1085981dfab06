// SPDX-License-Identifier: BSD-2-Clause
// Shared anonymous memory is one memory in parent and child.
#include "../test.h"

static void test(void) {
    int *at = map_shared(2);
    EXITS(CHILD({ at[0] = 42; at[1024] = 43; }), 0);
    IS(at[0], 42);
    IS(at[1024], 43);
    at[1] = 7;
    EXITS(CHILD({ EXITS(CHILD({ at[1]++; }), 0); at[1]++; }), 0);
    IS(at[1], 9);
}
