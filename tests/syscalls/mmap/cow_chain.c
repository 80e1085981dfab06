// SPDX-License-Identifier: BSD-2-Clause
// Copy-on-write through three generations and back.
#include "../test.h"

static void test(void) {
    int *at = map_pages(3);
    at[0] = 1;
    EXITS(CHILD({
        at[1024] = 2;
        EXITS(CHILD({
            at[0] = 100;
            IS(at[1024], 2);
            at[1024] = 200;
            EXITS(CHILD({ IS(at[0], 100); IS(at[1024], 200); at[2048] = 5; }), 0);
            IS(at[2048], 0);
        }), 0);
        IS(at[0], 1);
        IS(at[1024], 2);
        at[0] = 3;
    }), 0);
    IS(at[0], 1);
    IS(at[1024], 0);
}
