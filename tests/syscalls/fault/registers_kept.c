// SPDX-License-Identifier: BSD-2-Clause
// All general registers and flags survive a handler.
#include "../test.h"

static void handler(int number) {
    (void)number;
    __asm__ volatile("xor %%eax,%%eax\n xor %%ecx,%%ecx\n xor %%r8d,%%r8d\n std\n cld\n"
                     ::: "rax", "rcx", "r8");
}
static void test(void) {
    handle(SIGUSR1, handler, 0);
    long in[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8] = {0};
    long pid = getpid();
    __asm__ volatile(
        "mov 0(%%rbx),%%r8\n mov 8(%%rbx),%%r9\n mov 16(%%rbx),%%r10\n mov 24(%%rbx),%%r12\n"
        "mov 32(%%rbx),%%r13\n mov 40(%%rbx),%%r14\n mov 48(%%rbx),%%r15\n mov 56(%%rbx),%%rdx\n"
        "mov $62,%%eax\n mov $10,%%esi\n syscall\n"
        "mov %%r8,0(%2)\n mov %%r9,8(%2)\n mov %%r10,16(%2)\n mov %%r12,24(%2)\n"
        "mov %%r13,32(%2)\n mov %%r14,40(%2)\n mov %%r15,48(%2)\n mov %%rdx,56(%2)\n"
        : "+D"(pid)
        : "b"(in), "r"(out)
        : "rax", "rcx", "r11", "rsi", "rdx", "r8", "r9", "r10", "r12", "r13", "r14", "r15",
          "memory");
    for (int i = 0; i < 8; i++)
        IS(out[i], in[i]);
}
