// SPDX-License-Identifier: BSD-2-Clause
// clock_gettime and getres of each clock; monotonic clocks do not go back.
#include "../test.h"

static void test(void) {
    struct timespec now, before;
    clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                          CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                          CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI};
    for (int i = 0; i < 9; i++) {
        note("clock %d", (int)clocks[i]);
        IS(syscall(SYS_clock_gettime, clocks[i], &now), 0);
        CHECK(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
        IS(clock_getres(clocks[i], &now), 0);
        CHECK(now.tv_sec == 0 && now.tv_nsec >= 1 && now.tv_nsec <= 10000000);
    }
    int back = 0;
    clock_gettime(CLOCK_MONOTONIC, &before);
    for (int i = 0; i < 20000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        back += now.tv_sec < before.tv_sec ||
                (now.tv_sec == before.tv_sec && now.tv_nsec < before.tv_nsec);
        before = now;
    }
    IS(back, 0);
    FAILS(syscall(SYS_clock_gettime, 77, &now), EINVAL);
    FAILS(syscall(SYS_clock_getres, 77, &now), EINVAL);
    IS(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL), 0);
    FAILS(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, BAD_POINTER), EFAULT);
}
