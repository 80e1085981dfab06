// SPDX-License-Identifier: BSD-2-Clause
// kill: self, group, missing, signal 0, bad number; tgkill and tkill likewise.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    handle(SIGUSR1, handler, 0);
    IS(kill(getpid(), 0), 0);
    IS(kill(0, SIGUSR1), 0);
    IS(count, 1);
    IS(kill(-getpgrp(), SIGUSR1), 0);
    IS(count, 2);
    FAILS(kill(getpid(), 65), EINVAL);
    FAILS(kill(getpid(), -1), EINVAL);
    FAILS(kill(4000000, 0), ESRCH);
    FAILS(kill(-4000000, 0), ESRCH);
    FAILS(kill(INT_MIN, 0), ESRCH);
    FAILS(syscall(SYS_tgkill, getpid(), 4000000, 0), ESRCH);
    FAILS(syscall(SYS_tgkill, 4000000, gettid(), 0), ESRCH);
    FAILS(syscall(SYS_tgkill, 0, gettid(), 0), EINVAL);
    FAILS(syscall(SYS_tkill, 0, 0), EINVAL);
    IS(syscall(SYS_tkill, gettid(), SIGUSR1), 0);
    IS(count, 3);
    pid_t zombie = CHILD({ _exit(0); });
    wait_asleep(zombie);
    IS(kill(zombie, SIGKILL), 0);
    EXITS(zombie, 0);
    FAILS(kill(zombie, 0), ESRCH);
}
