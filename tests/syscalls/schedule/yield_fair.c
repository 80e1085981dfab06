// SPDX-License-Identifier: BSD-2-Clause
// Two spinning processes on one processor both get on.
#include "../test.h"

static void test(void) {
    volatile long *counters = map_shared(1);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    pid_t pids[2];
    for (int i = 0; i < 2; i++)
        pids[i] = CHILD({
            sched_setaffinity(0, sizeof one, &one);
            for (;;)
                counters[i]++;
        });
    sleep_ms(400);
    for (int i = 0; i < 2; i++) {
        kill(pids[i], SIGKILL);
        DIES(pids[i], SIGKILL);
    }
    CHECK(counters[0] > 0 && counters[1] > 0);
    long low = counters[0] < counters[1] ? counters[0] : counters[1];
    long high = counters[0] + counters[1] - low;
    CHECK(high < low * 4);
}
