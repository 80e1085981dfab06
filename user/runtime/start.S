/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a program of the project's own begins: the stack is as the kernel laid it out (System V
   ABI, x86-64 psABI 3.4.1). */
        .text
        .globl _start
        .type _start, @function
_start:
        xorl %ebp, %ebp
        movq %rsp, %rdi
        andq $-16, %rsp
        call start_program
        hlt
        .size _start, . - _start

        .section .note.GNU-stack, "", @progbits
