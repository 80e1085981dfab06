// SPDX-License-Identifier: BSD-2-Clause
// The floating point state is in the signal frame, and changes to it take effect.
#include "../test.h"

static volatile int magic_right, xmm_seen;
static void handler(int number, siginfo_t *info, void *context) {
    unsigned char *state = (unsigned char *)((ucontext_t *)context)->uc_mcontext.fpregs;
    (void)number, (void)info;
    unsigned *xmm3 = (unsigned *)(state + 160 + 3 * 16);
    xmm_seen = xmm3[0];
    xmm3[0] = 4242;
    unsigned magic = *(unsigned *)(state + 464);
    unsigned size = *(unsigned *)(state + 468);
    magic_right = magic == 0x46505853 && *(unsigned *)(state + size - 4) == 0x46505845;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
}
static void test(void) {
    unsigned in[4] = {1717, 0, 0, 0}, out[4];
    handle_info(SIGILL, handler, 0);
    __asm__ volatile("movdqu %1, %%xmm3\n ud2\n movdqu %%xmm3, %0"
                     : "=m"(out)
                     : "m"(in)
                     : "xmm3", "memory");
    IS(xmm_seen, 1717);
    IS(out[0], 4242);
    IS(magic_right, 1);
}
