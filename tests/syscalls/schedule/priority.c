// SPDX-License-Identifier: BSD-2-Clause
// nice, getpriority, setpriority: ranges and permission. Needs root.
#include "../test.h"

static void test(void) {
    IS(getpriority(PRIO_PROCESS, 0), 0);
    IS(setpriority(PRIO_PROCESS, 0, 5), 0);
    IS(getpriority(PRIO_PROCESS, 0), 5);
    IS(setpriority(PRIO_PROCESS, 0, 100), 0);
    IS(getpriority(PRIO_PROCESS, 0), 19);
    IS(setpriority(PRIO_PROCESS, 0, -100), 0);
    IS(syscall(SYS_getpriority, PRIO_PROCESS, 0), 40);
    IS(setpriority(PRIO_PROCESS, 0, 3), 0);
    EXITS(CHILD({ IS(getpriority(PRIO_PROCESS, 0), 3); }), 0);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        IS(setpriority(PRIO_PROCESS, 0, 4), 0);
        FAILS(setpriority(PRIO_PROCESS, 0, 3), EACCES);
        FAILS(setpriority(PRIO_PROCESS, getppid(), 10), EPERM);
    }), 0);
    FAILS(setpriority(77, 0, 0), EINVAL);
    FAILS(syscall(SYS_ioprio_get, INT_MIN, 0), EINVAL);
    FAILS(setpriority(PRIO_PROCESS, 99999999, 0), ESRCH);
    FAILS(getpriority(PRIO_PGRP, 99999999), ESRCH);
}
