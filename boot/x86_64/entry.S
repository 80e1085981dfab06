/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of the loader, linked at 1 MiB. Offset 0: 32-bit (bzImage code32_start, ESI =
   boot_params). Offset 0x200: 64-bit (RSI = boot_params; Linux x86 boot protocol, "64-bit boot
   protocol"). PVH and Multiboot2 enter further on. All end in loader_main(protocol, handover) in
   long mode with the low 4 GiB mapped one to one. */

#define PROTOCOL_BZIMAGE 0
#define PROTOCOL_PVH 1
#define PROTOCOL_MULTIBOOT2 2

        .section .entry, "ax"
        .code32
        .globl entry32
entry32:
        cli
        cld
        movl $PROTOCOL_BZIMAGE, %edi
        movl %esi, %ebx
        jmp common32

        .org 0x200
        .code64
        .globl entry64
entry64:
        cli
        cld
        movl $PROTOCOL_BZIMAGE, %edi
        movq %rsi, %rbx
        leaq stack_top(%rip), %rsp
        rdtsc
        movl %eax, entry_timestamp_low(%rip)
        movl %edx, entry_timestamp_high(%rip)
        pushq %rbx
        pushq %rdi
        call build_identity_map_64
        popq %rdi
        popq %rsi
        leaq identity_pml4(%rip), %rax
        movq %rax, %cr3
        jmp enter_main

        .code32
        .globl pvh_entry
pvh_entry:
        cli
        cld
        movl $PROTOCOL_PVH, %edi
        jmp common32

        .globl multiboot2_entry
multiboot2_entry:
        cli
        cld
        cmpl $0x36d76289, %eax          /* Multiboot2 specification 3.3: EAX magic */
        jne bad_loader
        movl $PROTOCOL_MULTIBOOT2, %edi

common32:
        movl $stack_top, %esp
        pushl %edi
        pushl %ebx
        /* Is there a long mode? CPUID 0x80000001 EDX bit 29. */
        movl $0x80000000, %eax
        cpuid
        cmpl $0x80000001, %eax
        jb no_long_mode
        movl $0x80000001, %eax
        cpuid
        testl $(1 << 29), %edx
        jz no_long_mode
        rdtsc
        movl %eax, entry_timestamp_low
        movl %edx, entry_timestamp_high

        /* Four page directories of 2 MiB pages: the low 4 GiB one to one. */
        movl $identity_pdpt, %eax
        orl $3, %eax
        movl %eax, identity_pml4
        movl $identity_pd, %eax
        orl $3, %eax
        movl $identity_pdpt, %edi
        movl $4, %ecx
1:      movl %eax, (%edi)
        addl $4096, %eax
        addl $8, %edi
        decl %ecx
        jnz 1b
        movl $identity_pd, %edi
        movl $0x83, %eax                /* present, writable, 2 MiB */
        movl $2048, %ecx
2:      movl %eax, (%edi)
        movl $0, 4(%edi)
        addl $0x200000, %eax
        addl $8, %edi
        decl %ecx
        jnz 2b

        movl $identity_pml4, %eax
        movl %eax, %cr3
        movl %cr4, %eax
        orl $(1 << 5), %eax             /* PAE */
        movl %eax, %cr4
        movl $0xc0000080, %ecx          /* EFER */
        rdmsr
        orl $(1 << 8), %eax             /* LME */
        wrmsr
        movl %cr0, %eax
        orl $0x80000001, %eax           /* PG, PE */
        movl %eax, %cr0
        lgdt gdt_pointer
        popl %ebx
        popl %edi
        ljmp $0x08, $long_mode

        .code64
long_mode:
        movl $0x10, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %ss
        xorl %eax, %eax
        movl %eax, %fs
        movl %eax, %gs
        leaq stack_top(%rip), %rsp
        movl %ebx, %esi
        movl %edi, %edi
enter_main:
        lgdt gdt_pointer(%rip)
        call loader_main
        ud2

/* The same map from 64-bit code, for entry64. Clobbers RAX, RCX, RDI. */
build_identity_map_64:
        leaq identity_pdpt(%rip), %rax
        orq $3, %rax
        movq %rax, identity_pml4(%rip)
        leaq identity_pd(%rip), %rax
        orq $3, %rax
        leaq identity_pdpt(%rip), %rdi
        movl $4, %ecx
1:      movq %rax, (%rdi)
        addq $4096, %rax
        addq $8, %rdi
        decl %ecx
        jnz 1b
        leaq identity_pd(%rip), %rdi
        movl $0x83, %eax
        movl $2048, %ecx
2:      movq %rax, (%rdi)
        addq $0x200000, %rax
        addq $8, %rdi
        decl %ecx
        jnz 2b
        ret

        .code32
bad_loader:
        movl $bad_loader_text, %esi
        jmp print_and_stop
no_long_mode:
        movl $no_long_mode_text, %esi
/* Polled writes to the first serial port and the VGA text buffer, then stop. */
print_and_stop:
        movl $0xb8000, %edi
3:      movw $0x3fd, %dx
        inb %dx, %al
        testb $0x20, %al
        jz 3b
        lodsb
        testb %al, %al
        jz 4f
        movw $0x3f8, %dx
        outb %al, %dx
        movb $0x4f, %ah
        stosw
        jmp 3b
4:      hlt
        jmp 4b

        .section .rodata
no_long_mode_text:
        .asciz "pith: this processor has no 64-bit mode; Pith needs one\r\n"
bad_loader_text:
        .asciz "pith: entered without the Multiboot2 magic number\r\n"
        .balign 8
gdt:
        .quad 0
        .quad 0x00af9b000000ffff        /* 0x08: 64-bit code */
        .quad 0x00cf93000000ffff        /* 0x10: data */
gdt_end:
        .globl gdt_pointer
gdt_pointer:
        .word gdt_end - gdt - 1
        .quad gdt

        .data
        .globl entry_timestamp_low, entry_timestamp_high
entry_timestamp_low: .long 0
entry_timestamp_high: .long 0

        .bss
        .balign 4096
identity_pml4: .skip 4096
identity_pdpt: .skip 4096
identity_pd:   .skip 4 * 4096
        .skip 32768
stack_top:

/* PVH: Xen's start-of-day note, XEN_ELFNOTE_PHYS32_ENTRY = 18 (Xen docs/misc/pvh). */
        .section .note.pvh, "a", @note
        .long 4, 4, 18
        .asciz "Xen"
        .long pvh_entry

/* Multiboot2 header (specification 3.1): within the first 32 KiB of the file, 8-byte aligned. */
        .section .multiboot2, "a"
        .balign 8
multiboot2_header:
        .long 0xe85250d6
        .long 0
        .long multiboot2_header_end - multiboot2_header
        .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
        /* Entry address of the i386 state. */
        .short 3, 0
        .long 12
        .long multiboot2_entry
        .long 0
        /* A framebuffer, if the loader can: optional, any size, 32 bits. */
        .short 5, 1
        .long 20
        .long 0, 0, 32
        .long 0
        .short 0, 0
        .long 8
multiboot2_header_end:
        .section .note.GNU-stack, "", @progbits
