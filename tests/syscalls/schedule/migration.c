// SPDX-License-Identifier: BSD-2-Clause
// A thread moved from processor to processor runs there (where there are several).
#include "../test.h"

static void test(void) {
    cpu_set_t all, one;
    sched_getaffinity(0, sizeof all, &all);
    int right = 0, tried = 0;
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < 8; i++) {
            if (!CPU_ISSET(i, &all))
                continue;
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            tried++;
            right += sched_setaffinity(0, sizeof one, &one) == 0 && sched_getcpu() == i;
        }
    CHECK(tried > 0 && right == tried);
}
