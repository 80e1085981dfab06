// SPDX-License-Identifier: BSD-2-Clause
// A fresh program has the default control words; exec resets what was changed.
#include "../test.h"

int reexec(int argc, char **argv) {
    unsigned short word;
    unsigned mxcsr;
    (void)argv;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    IS(word, 0x37f);
    IS(mxcsr, 0x1f80);
    return test_failures ? 99 : argc;
}
static void test(void) {
    unsigned short word = 0x0c7f;
    unsigned mxcsr = 0x7f80;
    EXITS(CHILD({
        __asm__ volatile("fldcw %0\n ldmxcsr %1" : : "m"(word), "m"(mxcsr));
        execl(test_argv[0], "self", "x", NULL);
    }), 2);
}
