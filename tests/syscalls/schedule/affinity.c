// SPDX-License-Identifier: BSD-2-Clause
// sched_setaffinity and getaffinity: sizes, empty sets, inheritance.
#include "../test.h"

static void test(void) {
    cpu_set_t set, got;
    long size = syscall(SYS_sched_getaffinity, 0, sizeof got, &got);
    CHECK(size > 0 && size % 8 == 0);
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    IS(sched_setaffinity(0, sizeof set, &set), 0);
    memset(&got, 0, sizeof got);
    syscall(SYS_sched_getaffinity, 0, sizeof got, &got);
    IS(CPU_COUNT(&got), 1);
    IS(sched_getcpu(), 0);
    EXITS(CHILD({
        CPU_ZERO(&got);
        sched_getaffinity(0, sizeof got, &got);
        IS(CPU_COUNT(&got), 1);
    }), 0);
    CPU_ZERO(&set);
    FAILS(sched_setaffinity(0, sizeof set, &set), EINVAL);
    CPU_SET(1000, &set);
    FAILS(sched_setaffinity(0, sizeof set, &set), EINVAL);
    FAILS(syscall(SYS_sched_getaffinity, 0, 7, &got), EINVAL);
    FAILS(syscall(SYS_sched_getaffinity, 99999999, sizeof got, &got), ESRCH);
    FAILS(syscall(SYS_sched_getaffinity, 0, sizeof got, BAD_POINTER), EFAULT);
}
