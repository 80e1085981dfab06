// SPDX-License-Identifier: BSD-2-Clause
// Anonymous memory is zero, private to a child, and gone after munmap.
#include "../test.h"

static void test(void) {
    char *at = MAPPED(mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    int sum = 0;
    for (int i = 0; i < 8 * PAGE; i++)
        sum |= at[i];
    IS(sum, 0);
    at[0] = 'p';
    EXITS(CHILD({ IS(at[0], 'p'); at[0] = 'c'; IS(at[0], 'c'); }), 0);
    IS(at[0], 'p');
    IS(munmap(at, 8 * PAGE), 0);
    DIES(CHILD({ *(volatile char *)at = 1; }), SIGSEGV);
    IS(munmap(at, 8 * PAGE), 0);
}
