/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/api/component_call.h: fills the landing (fourth argument) with what the caller wants back,
   and jumps to the handler (third argument), which returns to our caller. */

        .text
        .globl arch_call_component
        .hidden arch_call_component
        .type arch_call_component, @function
        .balign 16
arch_call_component:
        movq %rbx, 8(%rcx)
        movq %rbp, 16(%rcx)
        movq %r12, 24(%rcx)
        movq %r13, 32(%rcx)
        movq %r14, 40(%rcx)
        movq %r15, 48(%rcx)
        movq %rsp, (%rcx)
        incq 56(%rcx)
        jmpq *%rdx
        .size arch_call_component, . - arch_call_component

        .globl arch_leave_component
        .hidden arch_leave_component
        .type arch_leave_component, @function
        .balign 16
arch_leave_component:
        movq 8(%rdi), %rbx
        movq 16(%rdi), %rbp
        movq 24(%rdi), %r12
        movq 32(%rdi), %r13
        movq 40(%rdi), %r14
        movq 48(%rdi), %r15
        movq (%rdi), %rsp
        movq $-1, %rax                  /* handler_ended */
        ret
        .size arch_leave_component, . - arch_leave_component

        .section .note.GNU-stack, "", @progbits
