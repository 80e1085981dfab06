// SPDX-License-Identifier: BSD-2-Clause
// A MAP_GROWSDOWN mapping grows when touched just below.
#include "../test.h"

static void test(void) {
    char *area = mmap(NULL, 1024 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(area != MAP_FAILED);
    munmap(area, 1024 * PAGE);
    volatile char *at = mmap(area + 1000 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
    REQUIRE(at != MAP_FAILED);
    at[0] = 1;
    at[-1] = 2;
    at[-PAGE - 1] = 3;
    IS(at[-1], 2);
    IS(at[0], 1);
    IS(at[-PAGE - 1], 3);
}
