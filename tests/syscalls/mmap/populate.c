// SPDX-License-Identifier: BSD-2-Clause
// MAP_POPULATE makes the pages resident at once; MAP_NORESERVE and MAP_STACK do not.
#include "../test.h"

static void test(void) {
    unsigned char there[4];
    char *at = MAPPED(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    IS(mincore(at, 4 * PAGE, there), 0);
    IS((there[0] & there[1] & there[2] & there[3]) & 1, 1);
    at = MAPPED(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0));
    IS(mincore(at, 4 * PAGE, there), 0);
    IS((there[0] | there[1] | there[2] | there[3]) & 1, 0);
}
