// SPDX-License-Identifier: BSD-2-Clause
// sigprocmask's three ways; SIGKILL and SIGSTOP cannot be blocked, handled or ignored.
#include "../test.h"

static void test(void) {
    sigset_t set = set_of(SIGUSR1), old;
    IS(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    set = set_of(SIGUSR2);
    IS(sigprocmask(SIG_BLOCK, &set, &old), 0);
    IS(sigismember(&old, SIGUSR1) * 2 + sigismember(&old, SIGUSR2), 2);
    set = set_of(SIGUSR1);
    IS(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
    sigfillset(&set);
    IS(sigprocmask(SIG_SETMASK, &set, &old), 0);
    IS(sigismember(&old, SIGUSR1) * 2 + sigismember(&old, SIGUSR2), 1);
    sigprocmask(SIG_BLOCK, NULL, &old);
    IS(sigismember(&old, SIGKILL), 0);
    IS(sigismember(&old, SIGSTOP), 0);
    IS(sigismember(&old, SIGTERM), 1);
    FAILS(sigprocmask(77, &set, NULL), EINVAL);
    FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 4L), EINVAL);
    struct sigaction action = {.sa_handler = SIG_IGN};
    FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
    FAILS(sigaction(SIGSTOP, &action, NULL), EINVAL);
    IS(sigaction(SIGKILL, NULL, &action), 0);
    FAILS(sigaction(65, &action, NULL), EINVAL);
    FAILS(sigaction(0, NULL, NULL), EINVAL);
}
