// SPDX-License-Identifier: BSD-2-Clause
// A handler may change registers in its context, and they take effect.
#include "../test.h"

static volatile long seen_rsp;
static void handler(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number, (void)info;
    seen_rsp = registers[REG_RSP];
    registers[REG_RIP] += 2;
    registers[REG_RAX] = 0x1234;
    registers[REG_R15] = registers[REG_R14] + 1;
    registers[REG_EFL] |= 1;
}
static void test(void) {
    handle_info(SIGILL, handler, 0);
    long rax = 0, r15, rsp;
    unsigned char carry;
    __asm__ volatile("mov $41, %%r14\n clc\n mov %%rsp, %%rdx\n ud2\n setc %b2\n mov %%r15, %1\n"
                     : "+a"(rax), "=r"(r15), "=c"(carry), "=d"(rsp)
                     :
                     : "r14", "r15", "memory", "cc");
    IS(rax, 0x1234);
    IS(r15, 42);
    IS(carry, 1);
    CHECK(rsp == seen_rsp);
}
