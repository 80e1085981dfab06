// SPDX-License-Identifier: BSD-2-Clause
//
// Process 1 of a machine that counts instructions: its first instruction reads the time stamp
// counter; then it tells the value on its standard output and switches the machine off.

    .text
    .globl _start
_start:
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, %rbx
    leaq digits(%rip), %rdi
    movl $16, %ecx
1:  rolq $4, %rbx           // the highest digit first
    movl %ebx, %eax
    andl $15, %eax
    cmpl $10, %eax
    leal '0'(%rax), %edx
    leal 'a' - 10(%rax), %esi
    cmovael %esi, %edx
    movb %dl, (%rdi)
    incq %rdi
    loop 1b
    movl $1, %eax           // write
    movl $1, %edi
    leaq line(%rip), %rsi
    movl $line_length, %edx
    syscall
    movl $0x4321fedc, %edx  // LINUX_REBOOT_CMD_POWER_OFF, then RESTART
    call reboot
    movl $0x01234567, %edx
    call reboot
2:  jmp 2b

reboot:
    movl $169, %eax
    movl $0xfee1dead, %edi
    movl $672274793, %esi
    syscall
    ret

    .data
line:
    .ascii "bench\tfirst_user_instruction\t0x"
digits:
    .fill 16, 1, '0'
    .ascii "\n"
    .set line_length, . - line
