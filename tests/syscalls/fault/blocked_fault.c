// SPDX-License-Identifier: BSD-2-Clause
// A fault whose signal is blocked or ignored kills all the same.
#include "../test.h"

static void test(void) {
    DIES(CHILD({ block(SIGSEGV); *(volatile char *)16 = 1; }), SIGSEGV);
    DIES(CHILD({ signal(SIGSEGV, SIG_IGN); *(volatile char *)16 = 1; }), SIGSEGV);
    DIES(CHILD({ block(SIGILL); __asm__ volatile("ud2"); }), SIGILL);
    EXITS(CHILD({ signal(SIGSEGV, SIG_IGN); raise(SIGSEGV); }), 0);
}
