// SPDX-License-Identifier: BSD-2-Clause
// SIGFPE, SIGILL, SIGTRAP: codes and addresses.
#include "../test.h"

static sigjmp_buf back;
static siginfo_t seen;
static long trap, rip;
static void handler(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    seen = *info;
    trap = registers[REG_TRAPNO];
    rip = registers[REG_RIP];
    siglongjmp(back, 1);
}
static void test(void) {
    handle_info(SIGFPE, handler, 0);
    handle_info(SIGILL, handler, 0);
    handle_info(SIGTRAP, handler, 0);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("xor %%edx,%%edx\n xor %%ecx,%%ecx\n mov $1,%%eax\n div %%ecx"
                         ::: "eax", "ecx", "edx");
    IS(seen.si_signo, SIGFPE);
    IS(seen.si_code, FPE_INTDIV);
    CHECK((long)seen.si_addr == rip);
    IS(trap, 0);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    IS(seen.si_signo, SIGILL);
    IS(seen.si_code, ILL_ILLOPN);
    CHECK((long)seen.si_addr == rip);
    IS(trap, 6);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("int3");
    IS(seen.si_signo, SIGTRAP);
    IS(seen.si_code, SI_KERNEL);
    IS(trap, 3);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("pushf\n orl $0x100,(%%rsp)\n popf\n nop\n nop" ::: "memory");
    IS(seen.si_signo, SIGTRAP);
    IS(seen.si_code, TRAP_TRACE);
    IS(trap, 1);
}
