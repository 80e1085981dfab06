// SPDX-License-Identifier: BSD-2-Clause
// The x87 stack and control word survive switches and are inherited by fork.
#include "../test.h"

static int run(double seed) {
    int bad = 0;
    for (int i = 0; i < 300; i++) {
        double a, b;
        __asm__ volatile("fldl %2\n fld1\n mov $24, %%eax\n syscall\n fstpl %1\n fstpl %0\n"
                         : "=m"(a), "=m"(b)
                         : "m"(seed)
                         : "rax", "rcx", "r11", "st", "st(1)", "memory");
        bad += a != seed || b != 1.0;
    }
    return bad;
}
static void test(void) {
    pid_t pids[4];
    unsigned short word, changed = 0x0c7f;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    for (int i = 0; i < 4; i++)
        pids[i] = CHILD({ QUIT(run(1.5 + i) != 0); });
    for (int i = 0; i < 4; i++)
        EXITS(pids[i], 0);
    __asm__ volatile("fnstcw %0" : "=m"(word));
    IS(word, 0x37f);
    __asm__ volatile("fldcw %0" : : "m"(changed));
    EXITS(CHILD({ __asm__ volatile("fnstcw %0" : "=m"(word)); IS(word, 0x0c7f); }), 0);
}
