// SPDX-License-Identifier: BSD-2-Clause
// membarrier: query, registration and refusal.
#include "../test.h"

#include <linux/membarrier.h>
static void test(void) {
    long all = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
    CHECK(all > 0 && all & MEMBARRIER_CMD_PRIVATE_EXPEDITED);
    FAILS(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), EPERM);
    IS(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0), 0);
    IS(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0), 0);
    FAILS(syscall(SYS_membarrier, 1 << 30, 0, 0), EINVAL);
    FAILS(syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 1, 0), EINVAL);
}
