/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/api/user_run.h. The caller's registers wait on its stack; the frame that iretq takes is
   built where entries from user mode will build theirs. */

        .set FRAME_WORDS, 21            /* inline/user_frame.h */
        .set BLOCK_KERNEL_STACK, 16     /* arch/api/cpu.h, CpuBlock::kernel_stack_top */

        .text
        .globl arch_continue_on_stack
        .hidden arch_continue_on_stack
        .type arch_continue_on_stack, @function
        .balign 16
arch_continue_on_stack:
        movq %rdi, %rsp
        movq %rdx, %rdi
        xorl %ebp, %ebp
        call *%rsi
        ud2
        .size arch_continue_on_stack, . - arch_continue_on_stack

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
        movq %rsp, (%rsi)
        cli                             /* it stays on this CPU, whose block has its stack */
        movq %rdi, %rsi
        movq %gs:BLOCK_KERNEL_STACK, %rsp
        subq $(FRAME_WORDS * 8), %rsp
        movq %rsp, %rdi
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
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbx
        popq %rbp
        ret
        .size arch_leave_user, . - arch_leave_user

        .section .note.GNU-stack, "", @progbits
