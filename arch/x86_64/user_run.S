/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/api/user_run.h. What is pushed here lies right above the frames of all entries until
   arch_leave_user. */

        .set FRAME_WORDS, 21            /* inline/user_frame.h */

        .text
        .globl arch_run_user
        .hidden arch_run_user
        .type arch_run_user, @function
        .balign 16
arch_run_user:
        pushq %rbp
        pushq %rbx
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        pushq %rsi                      /* the stack is aligned to 16 now */
        movq %rdi, %rbx
        movq %rsp, (%rsi)               /* a switch takes it from there: see switch_context */
        movq %rsp, %rdi
        cli
        call arch_use_entry_stack
        subq $(FRAME_WORDS * 8), %rsp
        movq %rsp, %rdi
        movq %rbx, %rsi
        movl $FRAME_WORDS, %ecx
        rep movsq
        jmp return_to_user
        .size arch_run_user, . - arch_run_user

        .globl arch_leave_user
        .hidden arch_leave_user
        .type arch_leave_user, @function
        .balign 16
arch_leave_user:
        movq (%rdi), %rsp
        popq %rsi
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbx
        popq %rbp
        ret
        .size arch_leave_user, . - arch_leave_user

        .section .note.GNU-stack, "", @progbits
