// SPDX-License-Identifier: BSD-2-Clause
// SIGSEGV and SIGBUS: code, address, trap number and error code in the context.
#include "../test.h"

static sigjmp_buf back;
static siginfo_t seen;
static long trap, error;
static void handler(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    seen = *info;
    trap = registers[REG_TRAPNO];
    error = registers[REG_ERR];
    siglongjmp(back, 1);
}
static void test(void) {
    handle_info(SIGSEGV, handler, 0);
    volatile char *hole = map_pages(1), *constant = map_pages(1);
    munmap((void *)hole, PAGE);
    mprotect((void *)constant, PAGE, PROT_READ);
    if (!sigsetjmp(back, 1))
        (void)hole[1];
    IS(seen.si_code, SEGV_MAPERR);
    CHECK(seen.si_addr == hole + 1);
    IS(trap, 14);
    IS(error, 4);
    if (!sigsetjmp(back, 1))
        hole[2] = 1;
    IS(error, 6);
    (void)constant[0];
    if (!sigsetjmp(back, 1))
        constant[3] = 1;
    IS(seen.si_code, SEGV_ACCERR);
    CHECK(seen.si_addr == constant + 3);
    IS(error, 7);
    if (!sigsetjmp(back, 1))
        *(volatile char *)0xffff800000000000 = 1;
    IS(seen.si_code, SEGV_MAPERR);
    if (!sigsetjmp(back, 1))
        *(volatile char *)0x1234000000000000 = 1;
    IS(seen.si_code, SI_KERNEL);
    IS((long)seen.si_addr, 0);
    IS(trap, 13);
}
