// SPDX-License-Identifier: BSD-2-Clause
// A system call changes rax, rcx and r11 alone.
#include "../test.h"

static void test(void) {
    long rax = SYS_getppid, rbx = 2, rdx = 3, rsi = 4, rdi = 5;
    register long r8 __asm__("r8") = 6;
    register long r9 __asm__("r9") = 7;
    register long r10 __asm__("r10") = 8;
    register long r12 __asm__("r12") = 9;
    register long r13 __asm__("r13") = 10;
    register long r14 __asm__("r14") = 11;
    register long r15 __asm__("r15") = 12;
    __asm__ volatile("syscall"
                     : "+a"(rax), "+b"(rbx), "+d"(rdx), "+S"(rsi), "+D"(rdi), "+r"(r8), "+r"(r9),
                       "+r"(r10), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                     :
                     : "rcx", "r11", "memory");
    long values[] = {rbx, rdx, rsi, rdi, r8, r9, r10, r12, r13, r14, r15};
    CHECK(rax == getppid());
    for (int i = 0; i < 11; i++)
        IS(values[i], i + 2);
}
