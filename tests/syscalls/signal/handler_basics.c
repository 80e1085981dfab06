// SPDX-License-Identifier: BSD-2-Clause
// A handler runs with its signal blocked, and the mask comes back.
#include "../test.h"

static volatile int blocked_inside, count;
static void handler(int number) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    blocked_inside = sigismember(&set, number);
    count++;
}
static void test(void) {
    sigset_t set;
    handle(SIGUSR1, handler, 0);
    IS(raise(SIGUSR1), 0);
    IS(count, 1);
    IS(blocked_inside, 1);
    sigprocmask(SIG_BLOCK, NULL, &set);
    IS(sigismember(&set, SIGUSR1), 0);
    IS(kill(getpid(), SIGUSR1), 0);
    IS(count, 2);
    struct sigaction old;
    IS(sigaction(SIGUSR1, NULL, &old), 0);
    CHECK(old.sa_handler == handler);
}
