// SPDX-License-Identifier: BSD-2-Clause
// A child inherits the heap copy-on-write.
#include "../test.h"

static void test(void) {
    long base = (syscall(SYS_brk, 0L) + PAGE - 1) & -PAGE;
    CHECK(syscall(SYS_brk, base + 2 * PAGE) == base + 2 * PAGE);
    char *at = (char *)base;
    strcpy(at, "parent");
    EXITS(CHILD({
        TEXT(at, "parent");
        strcpy(at, "child");
        CHECK(syscall(SYS_brk, base + 8 * PAGE) == base + 8 * PAGE);
        at[7 * PAGE] = 1;
    }), 0);
    TEXT(at, "parent");
    CHECK(syscall(SYS_brk, 0L) == base + 2 * PAGE);
}
