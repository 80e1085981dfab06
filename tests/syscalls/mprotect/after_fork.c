// SPDX-License-Identifier: BSD-2-Clause
// Protection is inherited by fork and then each process's own.
#include "../test.h"

static void test(void) {
    char *at = map_pages(1);
    at[0] = 'a';
    IS(mprotect(at, PAGE, PROT_READ), 0);
    DIES(CHILD({ *(volatile char *)at = 'b'; }), SIGSEGV);
    EXITS(CHILD({
        IS(mprotect(at, PAGE, PROT_READ | PROT_WRITE), 0);
        at[0] = 'c';
        IS(at[0], 'c');
    }), 0);
    DIES(CHILD({ *(volatile char *)at = 'b'; }), SIGSEGV);
    IS(at[0], 'a');
}
