/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16-bit part of the bzImage (Linux x86 boot protocol 2.15): the header that loaders read and
   fill, and code that asks the firmware for the memory map and enters protected mode. Assembled as
   one flat block; the build patches the sizes. SETUP_SECTORS counts 512-byte sectors after the
   first. */

        .set ZERO_PAGE, 0x8000
        .code16
        .section .setup, "ax"
        .globl _start
_start:
boot_sector:
        /* Started as a boot sector: say so. Origin unknown, so only the BIOS teletype is used. */
        ljmp $0x07c0, $(1f - _start)
1:      movw %cs, %ax
        movw %ax, %ds
        movw $(boot_sector_text - _start), %si
        cld
2:      lodsb
        testb %al, %al
        jz 3f
        movb $0x0e, %ah
        movw $7, %bx
        int $0x10
        jmp 2b
3:      hlt
        jmp 3b
boot_sector_text:
        .asciz "Pith must be started by a boot loader.\r\n"

        .org 0x1f1
setup_header:
setup_sects:    .byte SETUP_SECTORS
root_flags:     .word 0
syssize:        .long SYSTEM_PARAGRAPHS
ram_size:       .word 0
vid_mode:       .word 0xffff
root_dev:       .word 0
boot_flag:      .word 0xaa55
        .byte 0xeb, setup_code - 1f     /* 0x200: short jump over the header */
1:      .ascii "HdrS"
        .word 0x020f
realmode_swtch: .long 0
start_sys_seg:  .word 0x1000
kernel_version: .word version_text - _start - 0x200
type_of_loader: .byte 0
loadflags:      .byte 0x01              /* LOADED_HIGH */
setup_move_size: .word 0x8000
code32_start:   .long 0x100000
ramdisk_image:  .long 0
ramdisk_size:   .long 0
bootsect_kludge: .long 0
heap_end_ptr:   .word 0
ext_loader_ver: .byte 0
ext_loader_type: .byte 0
cmd_line_ptr:   .long 0
initrd_addr_max: .long 0x7fffffff
kernel_alignment: .long 0x200000
relocatable_kernel: .byte 0
min_alignment:  .byte 21
xloadflags:     .word 0x0003            /* XLF_KERNEL_64, XLF_CAN_BE_LOADED_ABOVE_4G */
cmdline_size:   .long 4095
hardware_subarch: .long 0
hardware_subarch_data: .quad 0
payload_offset: .long 0
payload_length: .long 0
setup_data:     .quad 0
pref_address:   .quad 0x100000
init_size:      .long INIT_SIZE
handover_offset: .long 0
kernel_info_offset: .long 0
setup_header_end:

setup_code:
        /* DS = our segment; the loader gave SS:SP or not: take our own stack at the segment's end.
           */
        cli
        cld
        movw %cs, %ax
        subw $0x20, %ax                 /* loaders enter at segment + 0x20 : 0 */
        movw %ax, %ds
        movw %ax, %es
        movw %ax, %ss
        movl $0xf000, %esp
        pushw %ax
        pushw $(normalised - _start)
        lretw                           /* CS = our segment too, so that labels are offsets */
normalised:
        sti
        /* Zero page at 0x8000 of our segment, past the code and clear of the stack. */
        movw $ZERO_PAGE, %di
        movw $2048, %cx
        xorw %ax, %ax
        rep stosw
        movw $(setup_header - _start), %si
        movw $(ZERO_PAGE + 0x1f1), %di
        movw $(setup_header_end - setup_header), %cx
        rep movsb

        /* INT 15h E820: 20-byte entries at 0x2d0, their number at 0x1e8 (boot_params). */
        movw $(ZERO_PAGE + 0x2d0), %di
        xorl %ebx, %ebx
next_range:
        movl $0xe820, %eax
        movl $0x534d4150, %edx          /* "SMAP" */
        movl $20, %ecx
        int $0x15
        jc ranges_done
        cmpl $0x534d4150, %eax
        jne ranges_done
        addw $20, %di
        incb ZERO_PAGE + 0x1e8
        cmpb $128, ZERO_PAGE + 0x1e8
        je ranges_done
        testl %ebx, %ebx
        jnz next_range
ranges_done:

        /* A20: the firmware's service, then the fast gate. */
        movw $0x2401, %ax
        int $0x15
        inb $0x92, %al
        orb $2, %al
        andb $0xfe, %al
        outb %al, $0x92
        cli

        /* Linear addresses of the GDT and the zero page. */
        xorl %eax, %eax
        movw %ds, %ax
        shll $4, %eax
        movl %eax, %ebx
        addl $(setup_gdt - _start), %eax
        movl %eax, setup_gdt_pointer - _start + 2
        leal ZERO_PAGE(%ebx), %esi
        lgdtl setup_gdt_pointer - _start
        movl code32_start - _start, %ecx
        leal (protected_mode - _start)(%ebx), %eax
        movl %eax, protected_jump - _start + 2
        movl %cr0, %eax
        orb $1, %al
        movl %eax, %cr0
protected_jump:
        ljmpl $0x10, $0                 /* offset filled in above */

        .code32
protected_mode:
        movl $0x18, %eax
        movl %eax, %ds
        movl %eax, %es
        movl %eax, %fs
        movl %eax, %gs
        movl %eax, %ss
        xorl %ebp, %ebp
        xorl %edi, %edi
        xorl %ebx, %ebx
        jmpl *%ecx

        .balign 8
setup_gdt:
        .quad 0, 0
        .quad 0x00cf9b000000ffff        /* 0x10: code, flat (boot protocol: __BOOT_CS) */
        .quad 0x00cf93000000ffff        /* 0x18: data, flat (__BOOT_DS) */
setup_gdt_pointer:
        .word 4 * 8 - 1
        .long 0
version_text:
        .asciz "6.1.0-pith"
setup_end:
        .section .note.GNU-stack, "", @progbits
