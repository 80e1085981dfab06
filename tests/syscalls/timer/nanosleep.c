// SPDX-License-Identifier: BSD-2-Clause
// nanosleep sleeps at least as long as asked; refusals.
#include "../test.h"

static void test(void) {
    int64_t start = now_ms();
    IS(syscall(SYS_nanosleep, &(struct timespec){0, 50000000}, NULL), 0);
    CHECK(now_ms() - start >= 50);
    IS(syscall(SYS_nanosleep, &(struct timespec){0, 0}, NULL), 0);
    FAILS(syscall(SYS_nanosleep, &(struct timespec){0, 1000000000}, NULL), EINVAL);
    FAILS(syscall(SYS_nanosleep, &(struct timespec){-1, 0}, NULL), EINVAL);
    FAILS(syscall(SYS_nanosleep, BAD_POINTER, NULL), EFAULT);
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    start = now_ms();
    when.tv_nsec += 40000000;
    if (when.tv_nsec >= 1000000000)
        when = (struct timespec){when.tv_sec + 1, when.tv_nsec - 1000000000};
    IS(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL), 0);
    CHECK(now_ms() - start >= 39);
    IS(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL), 0);
    IS(syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &(struct timespec){0, 1000}, NULL), 0);
    FAILS(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &when, NULL), EOPNOTSUPP);
    FAILS(syscall(SYS_clock_nanosleep, 77, 0, &when, NULL), EINVAL);
}
