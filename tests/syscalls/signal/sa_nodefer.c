// SPDX-License-Identifier: BSD-2-Clause
// SA_NODEFER lets a handler interrupt itself.
#include "../test.h"

static volatile int depth, deepest, runs;
static void handler(int number) {
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (++runs < 3)
        raise(number);
    depth--;
}
static void test(void) {
    handle(SIGUSR1, handler, SA_NODEFER);
    raise(SIGUSR1);
    IS(deepest, 3);
    deepest = runs = 0;
    handle(SIGUSR1, handler, 0);
    raise(SIGUSR1);
    IS(deepest, 1);
    IS(runs, 3);
}
