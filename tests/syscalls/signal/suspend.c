// SPDX-License-Identifier: BSD-2-Clause
// sigsuspend waits with another mask and puts the old one back.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    sigset_t none = set_of(0), now;
    handle(SIGUSR1, handler, 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    IS(count, 0);
    FAILS(sigsuspend(&none), EINTR);
    IS(count, 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    IS(sigismember(&now, SIGUSR1), 1);
    pid_t parent = getpid();
    pid_t pid = CHILD({ sleep_ms(30); kill(parent, SIGUSR1); });
    FAILS(sigsuspend(&none), EINTR);
    IS(count, 2);
    EXITS(pid, 0);
    FAILS(syscall(SYS_rt_sigsuspend, &none, 4L), EINVAL);
}
