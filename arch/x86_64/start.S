/* SPDX-License-Identifier: BSD-2-Clause */
/* First instructions of the kernel proper, on the loader's page tables. RDI = BootInfo. Interrupts
   off. */
        .section .text.entry, "ax"
        .globl kernel_entry
kernel_entry:
        leaq boot_stack_top(%rip), %rsp
        xorl %ebp, %ebp
        pushq $0                        /* ends a backtrace */
        pushq $0
        call start_kernel
        ud2

        .bss
        .balign 4096
        .globl boot_stack, boot_stack_top
boot_stack:
        .skip 16384
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
