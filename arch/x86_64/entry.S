/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way into the kernel builds the frame of inline/user_frame.h and every way out takes it
   down. GS holds the kernel's CpuBlock while in the kernel: swapgs at each border crossing. Offsets
   into CpuBlock are checked in offsets.cpp. */

        .set BLOCK_KERNEL_STACK, 16
        .set BLOCK_USER_STACK, 24
        .set USER_CODE, 0x33
        .set USER_DATA, 0x2b
        .set FRAME_RIP, 16 * 8
        .set FRAME_CS, 17 * 8

.macro push_registers_from_rsi
        pushq %rsi
        pushq %rdx
        pushq %rcx
        pushq %rax
        pushq %r8
        pushq %r9
        pushq %r10
        pushq %r11
        pushq %rbx
        pushq %rbp
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
.endm

.macro pop_registers
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbp
        popq %rbx
        popq %r11
        popq %r10
        popq %r9
        popq %r8
        popq %rax
        popq %rcx
        popq %rdx
        popq %rsi
        popq %rdi
.endm

/* Entries through the IDT keep the program's AC flag: SMAP comes back on at once. A NOP without
   SMAP. */
.macro guard_user_memory
772:    clac
        .pushsection .smap_sites, "a"
        .long 772b - .
        .popsection
.endm

        .section .text.entry, "ax"

/* The special instruction. IA32_FMASK cleared IF, DF, TF, AC, NT, RF. */
        .globl entry_syscall
        .balign 64
entry_syscall:
        swapgs
        movq %rsp, %gs:BLOCK_USER_STACK
        movq %gs:BLOCK_KERNEL_STACK, %rsp
        pushq $USER_DATA
        pushq %gs:BLOCK_USER_STACK
        pushq %r11
        pushq $USER_CODE
        pushq %rcx
        pushq %rax                      /* original_rax */
        pushq %rdi
        push_registers_from_rsi
        movq %rsp, %rdi
        sti
        call system_call_by_instruction /* returns with interrupts off; AL: frame fits sysret */
        testb %al, %al
        jz return_to_user
        pop_registers
        movq 32(%rsp), %rsp
        swapgs
        sysretq

/* The special instruction from 32-bit code is not offered: IA32_CSTAR points here. */
        .globl entry_syscall32
        .balign 16
entry_syscall32:
        swapgs
        movq %rsp, %gs:BLOCK_USER_STACK
        movq %gs:BLOCK_KERNEL_STACK, %rsp
        pushq $USER_DATA
        pushq %gs:BLOCK_USER_STACK
        pushq %r11
        pushq $0x23                     /* 32-bit user code */
        pushq %rcx
        movl %eax, %eax
        pushq %rax
        pushq %rdi
        push_registers_from_rsi
        movq %rsp, %rdi
        sti
        call system_call_compat_instruction
        jmp return_to_user

/* The software interrupts (int 0x80, int 0x81), trap gates of privilege 3. */
.macro entry_by_interrupt dispatcher
        testb $3, 8(%rsp)
        jz 1f
        swapgs
1:      movl %eax, %eax
        pushq %rax
        pushq %rdi
        push_registers_from_rsi
        cld
        guard_user_memory
        movq %rsp, %rdi
        sti
        call \dispatcher
        jmp return_to_user
.endm
        .globl entry_int80, entry_int81
        .balign 16
entry_int80:
        entry_by_interrupt system_call_by_interrupt
        .balign 16
entry_int81:
        entry_by_interrupt native_call_by_interrupt

/* Where a new user thread begins (see prepare_user_start): RSP is at its frame. */
        .globl start_user_thread
start_user_thread:
        movq %rax, %rdi                 /* the thread that ran before, from switch_context */
        call finish_switch
        movq %rsp, %rdi
        call before_first_return        /* interrupts off on return */

        .globl return_to_user
return_to_user:
        pop_registers
        addq $8, %rsp
        swapgs
        .globl iret_to_user
iret_to_user:
        iretq

/* Where a new kernel thread begins: RBX = entry, R12 = argument. */
        .globl start_kernel_thread
start_kernel_thread:
        movq %rax, %rdi
        call finish_switch
        sti
        movq %r12, %rdi
        call *%rbx
        ud2

/* Exceptions and interrupts. A stub leaves the vector where RDI belongs. */
        .globl interrupt_stubs
        .balign 16
interrupt_stubs:
        .set vector, 0
        .rept 256
        .balign 16
        .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
            vector == 29 || vector == 30
        .else
        pushq $0
        .endif
        pushq $vector
        .if vector == 2 || vector == 8 || vector == 18
        jmp paranoid_interrupt
        .else
        jmp common_interrupt
        .endif
        .set vector, vector + 1
        .endr

        .balign 64
common_interrupt:
        xchgq %rdi, (%rsp)
        push_registers_from_rsi
        cld
        guard_user_memory
        movl %edi, %esi
        movq %rsp, %rdi
        testb $3, FRAME_CS(%rsp)
        jz 1f
        swapgs
        call interrupt_from_user        /* returns with interrupts off */
        jmp return_to_user
1:      leaq iret_to_user(%rip), %rax
        cmpq %rax, FRAME_RIP(%rsp)
        je bad_return
        call interrupt_from_kernel
return_to_kernel:
        pop_registers
        addq $8, %rsp
        iretq

/* iretq itself faulted: GS is the program's already. */
bad_return:
        swapgs
        call recover_bad_return
        movq %rax, %rsp
        movq %rax, %rdi
        call report_bad_return          /* interrupts off on return */
        jmp return_to_user

/* Vectors that may strike between a border crossing and its swapgs: they run on stacks of their own
   and look at the GS base itself. Programs cannot load a GS base with the top bit set. */
        .balign 64
paranoid_interrupt:
        xchgq %rdi, (%rsp)
        push_registers_from_rsi
        cld
        guard_user_memory
        movl %edi, %esi
        movl $0xc0000101, %ecx          /* IA32_GS_BASE */
        rdmsr
        xorl %ebx, %ebx
        testl %edx, %edx
        js 1f
        swapgs
        movl $1, %ebx
1:      movq %rsp, %rdi
        call interrupt_paranoid
        testl %ebx, %ebx
        jz return_to_kernel
        swapgs
        jmp return_to_kernel

/* core::Thread* switch_context_asm(u64* save_stack, u64 next_stack, Thread* previous): the only
   place where one kernel stack is left for another. Interrupts off. Returns `previous` of whoever
   switched here. */
        .globl switch_context_asm
        .balign 16
switch_context_asm:
        pushq %rbp
        pushq %rbx
        pushq %r12
        pushq %r13
        pushq %r14
        pushq %r15
        movq %rsp, (%rdi)
        movq %rsi, %rsp
        movq %rdx, %rax
        popq %r15
        popq %r14
        popq %r13
        popq %r12
        popq %rbx
        popq %rbp
        ret
        .section .note.GNU-stack, "", @progbits
