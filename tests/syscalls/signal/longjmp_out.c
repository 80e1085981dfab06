// SPDX-License-Identifier: BSD-2-Clause
// Leaving a handler by siglongjmp restores the mask, by longjmp as saved.
#include "../test.h"

static sigjmp_buf back;
static void handler(int number) {
    siglongjmp(back, number);
}
static int blocked(void) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGUSR1);
}
static void test(void) {
    handle(SIGUSR1, handler, 0);
    for (int i = 0; i < 100; i++)
        if (!sigsetjmp(back, 1))
            raise(SIGUSR1);
    IS(blocked(), 0);
    if (!sigsetjmp(back, 0))
        raise(SIGUSR1);
    IS(blocked(), 1);
}
