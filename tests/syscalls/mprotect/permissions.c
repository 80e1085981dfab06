// SPDX-License-Identifier: BSD-2-Clause
// Each protection lets through what it says: signal, code and address otherwise.
#include "../test.h"

static sigjmp_buf back;
static volatile int code;
static char *volatile where;
static void on_fault(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    code = info->si_code;
    where = info->si_addr;
    siglongjmp(back, 1);
}
static int can_read(volatile char *at) {
    return sigsetjmp(back, 1) ? 0 : (*at, 1);
}
static int can_write(volatile char *at) {
    return sigsetjmp(back, 1) ? 0 : (*at = (char)0xc3, 1);
}
static int can_run(char *at) {
    return sigsetjmp(back, 1) ? 0 : (((void (*)(void))at)(), 1);
}
static void test(void) {
    handle_info(SIGSEGV, on_fault, 0);
    char *at = map_pages(1);
    memset(at, 0xc3, PAGE);
    IS(can_read(at) * 4 + can_write(at) * 2 + can_run(at), 6);
    IS(code, SEGV_ACCERR);
    CHECK(where == at);
    IS(mprotect(at, PAGE, PROT_READ), 0);
    IS(can_read(at) * 4 + can_write(at + 5) * 2, 4);
    IS(code, SEGV_ACCERR);
    CHECK(where == at + 5);
    IS(mprotect(at, PAGE, PROT_READ | PROT_EXEC), 0);
    IS(can_read(at) * 4 + can_write(at) * 2 + can_run(at), 5);
    IS(mprotect(at, PAGE, PROT_NONE), 0);
    IS(can_read(at + 9), 0);
    IS(code, SEGV_ACCERR);
    IS(mprotect(at, PAGE, PROT_WRITE), 0);
    IS(can_write(at), 1);
    IS(munmap(at, PAGE), 0);
    IS(can_read(at + 7), 0);
    IS(code, SEGV_MAPERR);
    CHECK(where == at + 7);
}
