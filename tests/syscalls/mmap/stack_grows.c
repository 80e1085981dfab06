// SPDX-License-Identifier: BSD-2-Clause
// The stack grows on touch up to RLIMIT_STACK, then SIGSEGV.
#include "../test.h"

static __attribute__((noinline)) int deep(int levels) {
    volatile char fill[4000];
    fill[0] = levels;
    return levels ? deep(levels - 1) + fill[0] * 0 : 1;
}
static void test(void) {
    DIES(CHILD({
        struct rlimit limit = {1 << 20, 1 << 20};
        setrlimit(RLIMIT_STACK, &limit);
        IS(deep(100), 1);
        deep(1000);
    }), SIGSEGV);
    IS(deep(1000), 1);
}
