// SPDX-License-Identifier: BSD-2-Clause
// mincore tells which pages are there.
#include "../test.h"

static void test(void) {
    unsigned char there[4];
    char *at = map_pages(4);
    at[PAGE] = 1;
    IS(mincore(at, 4 * PAGE, there), 0);
    IS(there[0] & 1, 0);
    IS(there[1] & 1, 1);
    IS(there[2] & 1, 0);
    FAILS(mincore(at + 1, PAGE, there), EINVAL);
    IS(munmap(at + 2 * PAGE, PAGE), 0);
    FAILS(mincore(at, 4 * PAGE, there), ENOMEM);
    FAILS(mincore(at, PAGE, BAD_POINTER), EFAULT);
}
