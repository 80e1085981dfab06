/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared object every program finds at AT_SYSINFO_EHDR (vdso(7)): one page, written out as
   data, with its ELF headers, symbols (version LINUX_2.6, what C libraries ask for) and code. The
   page before it in a program's memory is the clock page of linux/exec/vdso.h, which the code
   reads: nothing here is relocated. */

        .set CLOCK_SEQUENCE, 0
        .set CLOCK_USABLE, 4
        .set CLOCK_BASE, 8
        .set CLOCK_MULTIPLIER, 16
        .set CLOCK_WALL_OFFSET, 24
        .set CLOCK_SHIFT, 32
        .set CLOCK_MINUTES_WEST, 36
        .set CLOCK_DAYLIGHT, 40

        .set CALL_GETTIMEOFDAY, 96
        .set CALL_TIME, 201
        .set CALL_CLOCK_GETTIME, 228
        .set CALL_CLOCK_GETRES, 229
        .set CALL_GETCPU, 309

        .section .rodata.vdso, "a"
        .balign 4096
        .globl vdso_image, vdso_image_end
        .hidden vdso_image, vdso_image_end
vdso_image:
        .set clock_page, vdso_image - 4096
        /* ELF header */
        .byte 0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0
        .short 3, 62                    /* shared, x86-64 */
        .long 1
        .quad 0, program_headers - vdso_image, 0
        .long 0
        .short 64, 56, 3, 64, 0, 0
program_headers:
        .long 1, 5                      /* load: all of it, readable and executable */
        .quad 0, 0, 0, vdso_size, vdso_size, 4096
        .long 2, 4                      /* dynamic */
        .quad dynamic - vdso_image, dynamic - vdso_image, dynamic - vdso_image
        .quad dynamic_size, dynamic_size, 8
        .long 4, 4                      /* note */
        .quad note - vdso_image, note - vdso_image, note - vdso_image, note_size, note_size, 4

        .balign 8
dynamic:
        .quad 14, soname - strings
        .quad 16, 0                     /* symbolic */
        .quad 4, hash - vdso_image
        .quad 5, strings - vdso_image
        .quad 6, symbols - vdso_image
        .quad 10, strings_size
        .quad 11, 24
        .quad 0x6ffffffc, version_definitions - vdso_image
        .quad 0x6ffffffd, 2
        .quad 0x6ffffff0, versions - vdso_image
        .quad 0, 0
        .set dynamic_size, . - dynamic

.macro symbol name, function, binding
        .long \name - strings
        .byte \binding << 4 | 2, 0      /* a function */
        .short 1                        /* in some section */
        .quad \function - vdso_image, \function\()_size
.endm

        .balign 8
symbols:
        .quad 0, 0, 0
        symbol name_vdso_clock_gettime, clock_gettime, 1
        symbol name_vdso_gettimeofday, gettimeofday, 1
        symbol name_vdso_time, time, 1
        symbol name_vdso_getcpu, getcpu, 1
        symbol name_vdso_clock_getres, clock_getres, 1
        symbol name_clock_gettime, clock_gettime, 2
        symbol name_gettimeofday, gettimeofday, 2
        symbol name_time, time, 2
        symbol name_getcpu, getcpu, 2
        symbol name_clock_getres, clock_getres, 2
        .set symbol_count, (. - symbols) / 24
        .balign 8
hash:   /* one bucket, which chains them all */
        .long 1, symbol_count, 1, 0
        .set next, 2
        .rept symbol_count - 2
        .long next
        .set next, next + 1
        .endr
        .long 0
versions:
        .short 0
        .rept symbol_count - 1
        .short 2
        .endr
        .balign 8
version_definitions:
        .short 1, 1, 1, 1               /* the object itself */
        .long 0x0deebfa1, 20, 28
        .long soname - strings, 0
        .short 1, 0, 2, 1
        .long 0x03ae75f6, 20, 0
        .long name_version - strings, 0
strings:
        .byte 0
soname: .asciz "linux-vdso.so.1"
name_version: .asciz "LINUX_2.6"
name_vdso_clock_gettime: .asciz "__vdso_clock_gettime"
name_vdso_gettimeofday: .asciz "__vdso_gettimeofday"
name_vdso_time: .asciz "__vdso_time"
name_vdso_getcpu: .asciz "__vdso_getcpu"
name_vdso_clock_getres: .asciz "__vdso_clock_getres"
name_clock_gettime: .asciz "clock_gettime"
name_gettimeofday: .asciz "gettimeofday"
name_time: .asciz "time"
name_getcpu: .asciz "getcpu"
name_clock_getres: .asciz "clock_getres"
        .set strings_size, . - strings
        .balign 4
note:
        .long 6, 4, 0
        .asciz "Linux"
        .balign 4
        .long 0x060100
        .set note_size, . - note

/* Nanoseconds of the clock in RAX; RDI bit test: clocks 0 and 5 count from 1970. Uses RCX RDX R9.
   R8 is the clock page. Goes to \fallback if the cycle counter cannot be used. */
.macro read_clock fallback, wall
        leaq clock_page(%rip), %r8
        cmpl $0, CLOCK_USABLE(%r8)
        je \fallback
1:      movl CLOCK_SEQUENCE(%r8), %r9d
        testb $1, %r9b
        jnz 3f
        lfence
        rdtsc
        shlq $32, %rdx
        orq %rdx, %rax
        subq CLOCK_BASE(%r8), %rax
        mulq CLOCK_MULTIPLIER(%r8)
        movl CLOCK_SHIFT(%r8), %ecx
        shrdq %cl, %rdx, %rax
        .if \wall
        addq CLOCK_WALL_OFFSET(%r8), %rax
        .else
        movl $0x21, %ecx
        btl %edi, %ecx
        jnc 2f
        addq CLOCK_WALL_OFFSET(%r8), %rax
        .endif
2:      cmpl CLOCK_SEQUENCE(%r8), %r9d
        je 4f
3:      pause
        jmp 1b
4:
.endm

/* RAX nanoseconds to RDX seconds and RCX nanoseconds: 10^9 is 2^9 * 1953125. */
.macro split_seconds
        movq %rax, %rcx
        shrq $9, %rax
        movabsq $0x44b82fa09b5a53, %rdx
        mulq %rdx
        shrq $11, %rdx
        imulq $1000000000, %rdx, %rax
        subq %rax, %rcx
.endm

.macro function name
        .balign 16
\name:
.endm
.macro end_function name
        .set \name\()_size, . - \name
.endm

        function clock_gettime
        cmpl $7, %edi
        ja 5f
        movl $0xf3, %eax                /* 0 1 4 5 6 7 */
        btl %edi, %eax
        jnc 5f
        read_clock 5f, 0
        split_seconds
        movq %rdx, (%rsi)
        movq %rcx, 8(%rsi)
        xorl %eax, %eax
        ret
5:      movl $CALL_CLOCK_GETTIME, %eax
        syscall
        ret
        end_function clock_gettime

        function gettimeofday
        testq %rdi, %rdi
        jz 6f
        read_clock 5f, 1
        split_seconds
        movq %rdx, (%rdi)
        movq %rcx, %rax                 /* / 1000: 1000 is 2^3 * 125 */
        shrq $3, %rax
        movabsq $0x20c49ba5e353f7cf, %rdx
        mulq %rdx
        shrq $4, %rdx
        movq %rdx, 8(%rdi)
6:      testq %rsi, %rsi
        jz 7f
        leaq clock_page(%rip), %r8
        movl CLOCK_MINUTES_WEST(%r8), %eax
        movl %eax, (%rsi)
        movl CLOCK_DAYLIGHT(%r8), %eax
        movl %eax, 4(%rsi)
7:      xorl %eax, %eax
        ret
5:      movl $CALL_GETTIMEOFDAY, %eax
        syscall
        ret
        end_function gettimeofday

        function time
        read_clock 5f, 1
        split_seconds
        movq %rdx, %rax
        testq %rdi, %rdi
        jz 6f
        movq %rax, (%rdi)
6:      ret
5:      movl $CALL_TIME, %eax
        syscall
        ret
        end_function time

        function getcpu
        movl $CALL_GETCPU, %eax
        syscall
        ret
        end_function getcpu

        function clock_getres
        movl $CALL_CLOCK_GETRES, %eax
        syscall
        ret
        end_function clock_getres

        .set vdso_size, . - vdso_image
vdso_image_end:
        .section .note.GNU-stack, "", @progbits
