// SPDX-License-Identifier: BSD-2-Clause
// A handler may use floating point; the interrupted code keeps its registers.
#include "../test.h"

static volatile double result;
static void handler(int number) {
    unsigned mxcsr = 0x7f80, seen;
    __asm__ volatile("stmxcsr %0" : "=m"(seen));
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    __asm__ volatile("pxor %%xmm0,%%xmm0\n pcmpeqd %%xmm9,%%xmm9\n" : : : "xmm0", "xmm9");
    result = number * 1.5 + 0.25;
}
static void test(void) {
    unsigned values[4] = {1, 2, 3, 4}, low[4], high[4], mxcsr;
    long pid = getpid();
    handle(SIGUSR1, handler, 0);
    __asm__ volatile("movdqu %3, %%xmm0\n movdqu %3, %%xmm9\n mov $62, %%eax\n mov $10, %%esi\n"
                     "syscall\n movdqu %%xmm0, %0\n movdqu %%xmm9, %1\n stmxcsr %2\n"
                     : "=m"(low), "=m"(high), "=m"(mxcsr)
                     : "m"(values), "D"(pid)
                     : "rax", "rcx", "r11", "rsi", "xmm0", "xmm9", "memory");
    IS(memcmp(low, values, 16), 0);
    IS(memcmp(high, values, 16), 0);
    IS(mxcsr, 0x1f80);
    IS(result == 15.25, 1);
}
