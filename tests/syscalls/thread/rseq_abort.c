// SPDX-License-Identifier: BSD-2-Clause
// A critical section interrupted by preemption or a signal goes to its abort handler.
#include "../test.h"

#include <linux/rseq.h>
static struct rseq area __attribute__((aligned(32)));
static struct rseq_cs section __attribute__((aligned(32)));
static volatile int aborts;
static void handler(int number) {
    (void)number;
}
static void test(void) {
    handle(SIGALRM, handler, 0);
    IS(syscall(SYS_rseq, &area, sizeof area, 0, 0x53053053), 0);
    struct itimerval timer = {.it_value = {0, 30000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    // The loop has no exit: only the abort leads out.
    __asm__ volatile("lea 1f(%%rip), %%rax\n mov %%rax, 8(%0)\n"
                     "lea 2f(%%rip), %%rcx\n sub %%rax, %%rcx\n mov %%rcx, 16(%0)\n"
                     "lea 4f(%%rip), %%rax\n mov %%rax, 24(%0)\n"
                     "mov %0, 8(%1)\n"
                     "1: jmp 1b\n nop\n 2:\n jmp 5f\n"
                     ".long 0x53053053\n 4: incl %2\n 5:\n"
                     :
                     : "r"(&section), "r"(&area), "m"(aborts)
                     : "rax", "rcx", "memory", "cc");
    IS(aborts, 1);
    IS(area.rseq_cs, 0);
}
