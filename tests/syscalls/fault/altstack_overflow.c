// SPDX-License-Identifier: BSD-2-Clause
// A stack overflow is handled on the alternate stack; without one it kills.
#include "../test.h"

static char stack[65536];
static sigjmp_buf back;
static void handler(int number) {
    siglongjmp(back, number);
}
static __attribute__((noinline)) int deep(int level) {
    volatile char fill[8000];
    fill[0] = level;
    return level < 1000000 ? deep(level + 1) + fill[0] : 0;
}
static void test(void) {
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &limit);
    stack_t mine = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&mine, NULL);
    handle(SIGSEGV, handler, SA_ONSTACK);
    for (int i = 0; i < 3; i++) {
        int number = sigsetjmp(back, 1);
        if (number == 0)
            deep(0);
        IS(number, SIGSEGV);
    }
    DIES(CHILD({ handle(SIGSEGV, handler, 0); deep(0); }), SIGSEGV);
}
