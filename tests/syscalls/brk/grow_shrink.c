// SPDX-License-Identifier: BSD-2-Clause
// brk grows with zeros and shrinks; the memory beyond is gone.
#include "../test.h"

static void test(void) {
    long start = syscall(SYS_brk, 0L);
    long base = (start + PAGE - 1) & -PAGE;
    CHECK(syscall(SYS_brk, base + 4 * PAGE) == base + 4 * PAGE);
    char *at = (char *)base;
    IS(at[0] | at[4 * PAGE - 1], 0);
    memset(at, 'x', 4 * PAGE);
    CHECK(syscall(SYS_brk, base + PAGE) == base + PAGE);
    DIES(CHILD({ *(volatile char *)(at + 2 * PAGE) = 1; }), SIGSEGV);
    IS(at[0], 'x');
    CHECK(syscall(SYS_brk, base + 4 * PAGE) == base + 4 * PAGE);
    IS(at[2 * PAGE], 0);
    CHECK(syscall(SYS_brk, base + 5) == base + 5);
    CHECK(syscall(SYS_brk, 0L) == base + 5);
}
