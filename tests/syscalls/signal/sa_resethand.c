// SPDX-License-Identifier: BSD-2-Clause
// SA_RESETHAND: the handler runs once, then the default.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    handle(SIGUSR1, handler, SA_RESETHAND);
    raise(SIGUSR1);
    IS(count, 1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL);
    DIES(CHILD({ raise(SIGUSR1); }), SIGUSR1);
}
