// SPDX-License-Identifier: BSD-2-Clause
// The upper halves of the AVX registers survive switches (where there is AVX).
#include "../test.h"

// libc: glibc
static __attribute__((target("avx"))) int wrong(int seed) {
    int bad = 0;
    long values[4] = {seed, seed * 3L, seed * 5L, seed * 7L}, got[4];
    for (int i = 0; i < 300; i++) {
        __asm__ volatile("vmovdqu %1, %%ymm7\n mov $24, %%eax\n syscall\n vmovdqu %%ymm7, %0\n"
                         "vzeroupper\n"
                         : "=m"(got)
                         : "m"(values)
                         : "rax", "rcx", "r11", "xmm7", "memory");
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
    bool avx = __builtin_cpu_supports("avx");
    for (int i = 0; i < 4; i++)
        pids[i] = CHILD({ QUIT(avx && wrong(0x1235 * (i + 1)) != 0); });
    for (int i = 0; i < 4; i++)
        EXITS(pids[i], 0);
}
