// SPDX-License-Identifier: BSD-2-Clause
// Unmapping the middle, both ends and across several mappings.
#include "../test.h"

static int mapped(void *at) {
    unsigned char resident;
    return mincore(at, PAGE, &resident) == 0;
}
static void test(void) {
    char *at = map_pages(10);
    for (int i = 0; i < 10; i++)
        at[i * PAGE] = i;
    IS(munmap(at + 4 * PAGE, 2 * PAGE), 0);
    IS(mapped(at + 3 * PAGE), 1);
    IS(mapped(at + 4 * PAGE), 0);
    IS(mapped(at + 5 * PAGE), 0);
    IS(mapped(at + 6 * PAGE), 1);
    IS(at[6 * PAGE], 6);
    IS(munmap(at + 3 * PAGE, 4 * PAGE), 0);
    IS(mapped(at + 2 * PAGE), 1);
    IS(mapped(at + 6 * PAGE), 0);
    IS(mapped(at + 7 * PAGE), 1);
    IS(munmap(at, PAGE), 0);
    IS(munmap(at + 9 * PAGE, PAGE), 0);
    IS(at[8 * PAGE], 8);
    IS(at[PAGE], 1);
    IS(munmap(at, 10 * PAGE), 0);
    IS(mapped(at + 8 * PAGE), 0);
}
