// SPDX-License-Identifier: BSD-2-Clause
// Setting the clock needs privilege; bad values are refused. Needs root.
#include "../test.h"

static void test(void) {
    struct timespec now, bad = {0, 1000000000};
    clock_gettime(CLOCK_REALTIME, &now);
    FAILS(clock_settime(CLOCK_MONOTONIC, &now), EINVAL);
    FAILS(clock_settime(CLOCK_REALTIME, &bad), EINVAL);
    FAILS(clock_settime(CLOCK_REALTIME, BAD_POINTER), EFAULT);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(clock_settime(CLOCK_REALTIME, &now), EPERM);
        struct timeval time = {now.tv_sec, 0};
        FAILS(syscall(SYS_settimeofday, &time, NULL), EPERM);
    }), 0);
}
