// SPDX-License-Identifier: BSD-2-Clause
// SIGFPE from the x87 unit with its codes. (QEMU's TCG raises none from SSE.)
#include "../test.h"

static sigjmp_buf back;
static volatile int code, trap;
static void handler(int number, siginfo_t *info, void *context) {
    (void)number;
    code = info->si_code;
    trap = ((ucontext_t *)context)->uc_mcontext.gregs[REG_TRAPNO];
    siglongjmp(back, 1);
}
static void divide(unsigned short word, double a, double b) {
    code = trap = 0;
    if (!sigsetjmp(back, 1))
        __asm__ volatile("fninit\n fldcw %0\n fldl %1\n fldl %2\n fdivp\n fwait\n fninit"
                         :
                         : "m"(word), "m"(b), "m"(a)
                         : "memory");
}
static void test(void) {
    handle_info(SIGFPE, handler, 0);
    divide(0x37f & ~4, 1.0, 0.0);
    IS(code, FPE_FLTDIV);
    IS(trap, 16);
    divide(0x37f & ~1, 0.0, 0.0);
    IS(code, FPE_FLTINV);
    divide(0x37f & ~32, 1.0, 3.0);
    IS(code, FPE_FLTRES);
    divide(0x37f, 1.0, 0.0);
    IS(code, 0);
    IS(trap, 0);
    __asm__ volatile("fninit");
}
