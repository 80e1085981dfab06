// SPDX-License-Identifier: BSD-2-Clause
// Handlers are the child's own after fork; the parent's are not touched.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    count += number;
}
static void test(void) {
    handle(SIGUSR1, handler, 0);
    EXITS(CHILD({
        raise(SIGUSR1);
        IS(count, SIGUSR1);
        signal(SIGUSR1, SIG_DFL);
    }), 0);
    IS(count, 0);
    raise(SIGUSR1);
    IS(count, SIGUSR1);
}
