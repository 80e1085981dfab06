// SPDX-License-Identifier: BSD-2-Clause
//
// A bzImage that tells the time stamp counter of its first instruction on the serial port and ends
// the machine: what the firmware and QEMU's loader cost before any kernel runs. Header fields as in
// Linux Documentation/arch/x86/boot.rst.

    .code16
    .section .text
    .globl _start
_start:
    .org 0x1f1
    .byte 1             // setup_sects
    .word 1             // root_flags
    .long 32            // syssize, in 16 bytes
    .word 0, 0xffff, 0  // ram_size, vid_mode, root_dev
    .word 0xaa55        // boot_flag
    .byte 0xeb, entry - header // jump
header:
    .ascii "HdrS"
    .word 0x0204        // version
    .long 0             // realmode_swtch
    .word 0, 0          // start_sys_seg, kernel_version
    .byte 0, 1          // type_of_loader, loadflags: LOADED_HIGH
    .word 0x8000        // setup_move_size
    .long 0x100000      // code32_start
    .long 0, 0, 0       // ramdisk_image, ramdisk_size, bootsect_kludge
    .word 0             // heap_end_ptr
    .word 0             // ext_loader
    .long 0             // cmd_line_ptr
    .long 0xffffffff    // initrd_addr_max

entry:
    rdtsc
    movl %edx, %ebx
    movl %eax, %esi
    movw $text - _start - 0x200, %di // %cs counts from the second sector
1:  movb %cs:(%di), %al
    testb %al, %al
    jz 2f
    call put
    incw %di
    jmp 1b
2:  movl %ebx, %ecx
    call put_hex
    movl %esi, %ecx
    call put_hex
    movb $'\n', %al
    call put
    movw $0x501, %dx    // isa-debug-exit
    movb $0, %al
    outb %al, %dx
3:  hlt
    jmp 3b

// Eight digits of %ecx.
put_hex:
    movw $8, %di
1:  roll $4, %ecx
    movb %cl, %al
    andb $15, %al
    addb $'0', %al
    cmpb $'9', %al
    jbe 2f
    addb $'a' - '0' - 10, %al
2:  call put
    decw %di
    jnz 1b
    ret

// One character in %al, once the port takes it.
put:
    movb %al, %ah
    movw $0x3fd, %dx
1:  inb %dx, %al
    testb $0x20, %al
    jz 1b
    movw $0x3f8, %dx
    movb %ah, %al
    outb %al, %dx
    ret

text:
    .asciz "bench\tfirmware\t0x"
    .org 0x400
    .fill 512, 1, 0     // the protected-mode part
