// SPDX-License-Identifier: BSD-2-Clause
// rseq: registering, the processor's number, refusals, unregistering.
#include "../test.h"

#include <linux/rseq.h>
static struct rseq area __attribute__((aligned(32)));
static void test(void) {
    IS(syscall(SYS_rseq, &area, sizeof area, 0, 0x53053053), 0);
    for (int i = 0; i < 10; i++)
        sched_yield();
    CHECK(area.cpu_id < 64);
    CHECK(area.cpu_id == area.cpu_id_start);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    IS(sched_setaffinity(0, sizeof set, &set), 0);
    IS(area.cpu_id, 0);
    FAILS(syscall(SYS_rseq, &area, sizeof area, 0, 0x53053053), EBUSY);
    FAILS(syscall(SYS_rseq, &area, sizeof area, 1, 0x11111111), EPERM);
    IS(syscall(SYS_rseq, &area, sizeof area, 1, 0x53053053), 0);
    IS(area.cpu_id, (uint32_t)-1);
    FAILS(syscall(SYS_rseq, (char *)&area + 4, sizeof area, 0, 0x53053053), EINVAL);
    FAILS(syscall(SYS_rseq, &area, 8, 0, 0x53053053), EINVAL);
    FAILS(syscall(SYS_rseq, &area, sizeof area, 4, 0x53053053), EINVAL);
}
