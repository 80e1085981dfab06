// SPDX-License-Identifier: BSD-2-Clause
// Data survives any change of protection; splitting and joining keeps neighbours.
#include "../test.h"

static void test(void) {
    char *at = map_pages(16);
    for (int i = 0; i < 16; i++)
        at[i * PAGE] = 'a' + i;
    for (int round = 0; round < 20; round++) {
        for (int i = round % 2; i < 16; i += 2)
            REQUIRE(mprotect(at + i * PAGE, PAGE, PROT_NONE) == 0);
        for (int i = 0; i < 16; i++)
            REQUIRE(mprotect(at + i * PAGE, PAGE, PROT_READ) == 0);
    }
    int right = 0;
    for (int i = 0; i < 16; i++)
        right += at[i * PAGE] == 'a' + i;
    IS(right, 16);
    IS(mprotect(at, 16 * PAGE, PROT_READ | PROT_WRITE), 0);
    at[15 * PAGE] = 'z';
    IS(at[15 * PAGE], 'z');
}
