// SPDX-License-Identifier: BSD-2-Clause
// Scheduling policies and parameters: ranges, inheritance, permission. Needs root.
#include "../test.h"

struct parameters {
    int priority;
};
static long set(int policy, int priority) {
    struct parameters value = {priority};
    return syscall(SYS_sched_setscheduler, 0, policy, &value);
}
static void test(void) {
    struct parameters value = {-1};
    IS(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
    IS(syscall(SYS_sched_getparam, 0, &value), 0);
    IS(value.priority, 0);
    IS(syscall(SYS_sched_get_priority_max, SCHED_FIFO), 99);
    IS(syscall(SYS_sched_get_priority_min, SCHED_RR), 1);
    IS(syscall(SYS_sched_get_priority_max, SCHED_OTHER), 0);
    FAILS(syscall(SYS_sched_get_priority_max, 77), EINVAL);
    IS(set(SCHED_RR, 10), 0);
    IS(syscall(SYS_sched_getscheduler, 0), SCHED_RR);
    syscall(SYS_sched_getparam, 0, &value);
    IS(value.priority, 10);
    struct timespec quantum;
    IS(syscall(SYS_sched_rr_get_interval, 0, &quantum), 0);
    CHECK(quantum.tv_nsec > 0);
    EXITS(CHILD({ IS(syscall(SYS_sched_getscheduler, 0), SCHED_RR); }), 0);
    IS(set(SCHED_FIFO | 0x40000000, 5), 0);
    IS(syscall(SYS_sched_getscheduler, 0), SCHED_FIFO | 0x40000000);
    EXITS(CHILD({ IS(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER); }), 0);
    IS(set(SCHED_BATCH, 0), 0);
    IS(set(5, 0), 0);
    IS(set(SCHED_OTHER, 0), 0);
    FAILS(set(SCHED_FIFO, 0), EINVAL);
    FAILS(set(SCHED_FIFO, 100), EINVAL);
    FAILS(set(SCHED_OTHER, 1), EINVAL);
    FAILS(set(77, 0), EINVAL);
    EXITS(CHILD({ setresuid(1000, 1000, 1000); FAILS(set(SCHED_FIFO, 1), EPERM); }), 0);
    FAILS(syscall(SYS_sched_getscheduler, 99999999), ESRCH);
}
