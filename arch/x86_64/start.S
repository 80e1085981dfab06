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
        .globl boot_stack_guard, boot_stack, boot_stack_top
boot_stack_guard:
        .skip 4096                      /* unmapped by prepare_machine */
boot_stack:
#ifdef PITH_DEBUG
        .skip 32768                     /* core/memory/kernel_stack.h */
#else
        .skip 16384
#endif
boot_stack_top:
        .section .note.GNU-stack, "", @progbits
