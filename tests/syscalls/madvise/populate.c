// SPDX-License-Identifier: BSD-2-Clause
// MADV_POPULATE_READ and WRITE bring the pages in.
#include "../test.h"

static void test(void) {
    unsigned char there[4];
    char *at = map_pages(4);
    IS(madvise(at, 2 * PAGE, 23), 0);
    IS(mincore(at, 4 * PAGE, there), 0);
    IS((there[0] & 1) + (there[1] & 1) + (there[2] & 1), 2);
    IS(mprotect(at, PAGE, PROT_NONE), 0);
    FAILS(madvise(at, PAGE, 22), EINVAL);
    IS(munmap(at + 3 * PAGE, PAGE), 0);
    FAILS(madvise(at, 4 * PAGE, 23), EINVAL);
    FAILS(madvise(at + 2 * PAGE, 2 * PAGE, 23), ENOMEM);
}
