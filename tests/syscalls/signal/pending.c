// SPDX-License-Identifier: BSD-2-Clause
// sigpending shows blocked signals; ignoring one removes it.
#include "../test.h"

static void test(void) {
    sigset_t set;
    block(SIGUSR1);
    block(SIGUSR2);
    IS(sigpending(&set), 0);
    IS(sigismember(&set, SIGUSR1), 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    sigpending(&set);
    IS(sigismember(&set, SIGUSR1), 1);
    IS(sigismember(&set, SIGUSR2), 1);
    signal(SIGUSR1, SIG_IGN);
    sigpending(&set);
    IS(sigismember(&set, SIGUSR1), 0);
    raise(SIGUSR1);
    sigpending(&set);
    IS(sigismember(&set, SIGUSR1), 1);
    signal(SIGUSR1, SIG_DFL);
    DIES(CHILD({ set = set_of(SIGUSR1); raise(SIGUSR1); sigprocmask(SIG_UNBLOCK, &set, 0); }),
         SIGUSR1);
}
