// SPDX-License-Identifier: BSD-2-Clause
// The vDSO's clocks agree with the system call's.
#include "../test.h"

// libc: glibc
static int64_t ns(struct timespec *time) {
    return time->tv_sec * 1000000000LL + time->tv_nsec;
}
static void test(void) {
    clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    struct timespec a, b, c;
    for (int i = 0; i < 3; i++) {
        int bad = 0;
        for (int j = 0; j < 500; j++) {
            syscall(SYS_clock_gettime, clocks[i], &a);
            clock_gettime(clocks[i], &b);
            syscall(SYS_clock_gettime, clocks[i], &c);
            bad += ns(&a) > ns(&b) || ns(&b) > ns(&c);
        }
        IS(bad, 0);
    }
    struct timeval time;
    IS(gettimeofday(&time, NULL), 0);
    clock_gettime(CLOCK_REALTIME, &a);
    CHECK(a.tv_sec - time.tv_sec <= 1);
    CHECK(labs((long)(time.tv_sec - syscall(SYS_time, NULL))) <= 1);
    unsigned processor, node;
    IS(syscall(SYS_getcpu, &processor, &node, NULL), 0);
    CHECK(processor < 64);
    IS(node, 0);
}
