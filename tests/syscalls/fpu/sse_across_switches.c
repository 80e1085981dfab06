// SPDX-License-Identifier: BSD-2-Clause
// SSE and AVX registers are each process's own across many switches.
#include "../test.h"

static int wrong(int seed) {
    int bad = 0;
    unsigned values[4] = {seed, seed * 3, seed * 5, seed * 7}, got[4];
    for (int i = 0; i < 300; i++) {
        __asm__ volatile("movdqu %1, %%xmm0\n movdqu %1, %%xmm15\n mov $24, %%eax\n syscall\n"
                         "pxor %%xmm0, %%xmm15\n movdqu %%xmm0, %0\n ptest %%xmm15, %%xmm15\n"
                         "jz 1f\n movl $0, %0\n 1:\n"
                         : "=m"(got)
                         : "m"(values)
                         : "rax", "rcx", "r11", "xmm0", "xmm15", "memory");
        bad += memcmp(values, got, sizeof got) != 0;
    }
    return bad;
}
static void test(void) {
    pid_t pids[4];
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < 4; i++)
        pids[i] = CHILD({ QUIT(wrong(0x1235 * (i + 1)) != 0); });
    for (int i = 0; i < 4; i++)
        EXITS(pids[i], 0);
}
