/* SPDX-License-Identifier: BSD-2-Clause */
/* Where another CPU starts, in real mode, copied to a page below 1 MiB (Intel SDM volume 3A,
   9.4.4). The fields at its end are filled by smp.cpp. It climbs to long mode on page tables that
   map this page and the kernel, and calls start_secondary on a stack of its own. */
        .set BASE, 0x8000               /* smp.cpp: trampoline_address */
        .section .rodata.trampoline, "a"
        .code16
        .globl trampoline_begin, trampoline_end, trampoline_fields
trampoline_begin:
        cli
        cld
        xorw %ax, %ax
        movw %ax, %ds
        lgdtl BASE + (pointer - trampoline_begin)
        movl $0x20, %eax                /* CR4.PAE */
        movl %eax, %cr4
        movl BASE + (field_cr3 - trampoline_begin), %eax
        movl %eax, %cr3
        movl $0xc0000080, %ecx
        movl BASE + (field_efer - trampoline_begin), %eax
        xorl %edx, %edx
        wrmsr
        movl $0x80000011, %eax          /* CR0.PG, ET, PE */
        movl %eax, %cr0
        ljmpl $0x08, $(BASE + (long_mode - trampoline_begin))
        .code64
long_mode:
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        /* CPUs come in any order: each takes a place in the table of arrivals, says there who it is
           and is told its number, and with it its stack. */
        movl $1, %esi
        lock xaddl %esi, BASE + (field_taken - trampoline_begin)
        cmpl BASE + (field_limit - trampoline_begin), %esi
        jae too_many
        movl $1, %eax                   /* CPUID 1: EBX[31:24] is the initial APIC id */
        cpuid
        shrl $24, %ebx
        incl %ebx
        movq BASE + (field_arrivals - trampoline_begin), %rax
        leaq (%rax, %rsi, 8), %rax
        movl %ebx, (%rax)
untold: pause
        movl 4(%rax), %edi
        testl %edi, %edi
        jz untold
        movq BASE + (field_stacks - trampoline_begin), %rax
        movq (%rax, %rdi, 8), %rsp
        xorl %ebp, %ebp
        movq BASE + (field_entry - trampoline_begin), %rax
        pushq $0
        jmp *%rax
too_many:
        hlt
        jmp too_many
        .balign 8
gdt:    .quad 0
        .quad 0x00af9b000000ffff
        .quad 0x00cf93000000ffff
pointer:
        .word 3 * 8 - 1
        .long BASE + (gdt - trampoline_begin)
        .balign 8
trampoline_fields:
field_cr3:    .quad 0
field_efer:   .quad 0
field_entry:  .quad 0
field_stacks: .quad 0                   /* table of stack tops, by CPU number */
field_arrivals: .quad 0                 /* smp.cpp: Arrival */
field_taken:  .long 0
field_limit:  .long 0
trampoline_end:
        .section .note.GNU-stack, "", @progbits
