// SPDX-License-Identifier: BSD-2-Clause
// Atomic increments from four processes on shared memory all count.
#include "../test.h"

static void test(void) {
    int *at = map_shared(1);
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        children[i] = CHILD({
            for (int j = 0; j < 10000; j++)
                __atomic_fetch_add(at, 1, __ATOMIC_SEQ_CST);
        });
    for (int i = 0; i < 4; i++)
        EXITS(children[i], 0);
    IS(*at, 40000);
}
