/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies that may touch user memory (arch/api/user_copy.h). SMAP is lifted by stac for their length
   only; on a CPU without SMAP the two instructions are overwritten with NOPs at boot (.smap_sites).
   A fault at a listed instruction resumes at its landing place with interrupts and stack as they
   were. */

.macro lift_guard
771:    stac
        .pushsection .smap_sites, "a"
        .long 771b - .
        .popsection
.endm
.macro lower_guard
772:    clac
        .pushsection .smap_sites, "a"
        .long 772b - .
        .popsection
.endm
/* A fault at 773 goes to \landing. Offsets, so that the table needs no relocation. */
.macro may_fault landing
        .pushsection .exception_table, "a"
        .long 773b - .
        .long \landing - .
        .popsection
.endm

        .text
/* usize arch_copy_from_user(void* target, u64 source, usize size); the other direction is the same
   code. */
        .globl arch_copy_from_user, arch_copy_to_user
        .balign 16
arch_copy_from_user:
arch_copy_to_user:
        lift_guard
        movq %rdx, %rcx
        cmpq $64, %rdx
        ja bulk
        shrq $3, %rcx
        jz tail
words:
773:    movq (%rsi), %rax
        may_fault copy_failed_words
773:    movq %rax, (%rdi)
        may_fault copy_failed_words
        addq $8, %rsi
        addq $8, %rdi
        decq %rcx
        jnz words
tail:   andl $7, %edx
        jz copied
below_eight:
        testb $4, %dl
        jz below_four
773:    movl (%rsi), %eax
        may_fault copy_failed_tail
773:    movl %eax, (%rdi)
        may_fault copy_failed_tail
        addq $4, %rsi
        addq $4, %rdi
        subl $4, %edx
        jz copied
below_four:
        testb $2, %dl
        jz last_byte
773:    movw (%rsi), %ax
        may_fault copy_failed_tail
773:    movw %ax, (%rdi)
        may_fault copy_failed_tail
        addq $2, %rsi
        addq $2, %rdi
        subl $2, %edx
        jz copied
last_byte:
773:    movb (%rsi), %al
        may_fault copy_failed_tail
773:    movb %al, (%rdi)
        may_fault copy_failed_tail
copied:
        lower_guard
        xorl %eax, %eax
        ret
bulk:   shrq $3, %rcx
        andl $7, %edx
773:    rep movsq
        may_fault copy_failed_bulk
        testl %edx, %edx
        jnz below_eight
        jmp copied
copy_failed_words:                      /* RCX words and EDX mod 8 bytes are left */
copy_failed_bulk:
        lower_guard
        andl $7, %edx
        leaq (%rdx, %rcx, 8), %rax
        ret
copy_failed_tail:
        lower_guard
        movl %edx, %eax
        ret

/* usize arch_clear_user(u64 target, usize size) */
        .globl arch_clear_user
        .balign 16
arch_clear_user:
        lift_guard
        movq %rsi, %rcx
        movl %esi, %edx
        andl $7, %edx
        shrq $3, %rcx
        xorl %eax, %eax
773:    rep stosq
        may_fault clear_failed
        movl %edx, %ecx
773:    rep stosb
        may_fault clear_failed_tail
        lower_guard
        xorl %eax, %eax
        ret
clear_failed:
        lower_guard
        leaq (%rdx, %rcx, 8), %rax
        ret
clear_failed_tail:
        lower_guard
        movq %rcx, %rax
        ret

/* usize arch_copy_string_from_user(char* target, u64 source, usize size) */
        .globl arch_copy_string_from_user
        .balign 16
arch_copy_string_from_user:
        lift_guard
        xorl %eax, %eax
1:      cmpq %rdx, %rax
        je 2f
773:    movb (%rsi, %rax), %cl
        may_fault string_failed
        movb %cl, (%rdi, %rax)
        testb %cl, %cl
        jz 2f
        incq %rax
        jmp 1b
2:      lower_guard
        ret
string_failed:
        lower_guard
        movq $-1, %rax
        ret

/* u32 arch_read_user_word(u64 address, u32* value) */
        .globl arch_read_user_word
        .balign 16
arch_read_user_word:
        lift_guard
773:    movl (%rdi), %eax
        may_fault word_failed
        lower_guard
        movl %eax, (%rsi)
        xorl %eax, %eax
        ret
/* u32 arch_exchange_user_word(u64 address, u32 expected, u32 desired, u32* old) */
        .globl arch_exchange_user_word
        .balign 16
arch_exchange_user_word:
        lift_guard
        movl %esi, %eax
773:    lock cmpxchgl %edx, (%rdi)
        may_fault word_failed
        lower_guard
        movl %eax, (%rcx)
        xorl %eax, %eax
        ret
/* u32 arch_save_vectors_to_user(u64 address, u64 components) */
        .globl arch_save_vectors_to_user
        .balign 16
arch_save_vectors_to_user:
        lift_guard
        movl %esi, %eax
        movq %rsi, %rdx
        shrq $32, %rdx
773:    xsave64 (%rdi)
        may_fault word_failed
773:    orb $3, 512(%rdi)               /* XSTATE_BV: x87 and SSE */
        may_fault word_failed
        lower_guard
        xorl %eax, %eax
        ret
/* u32 arch_load_vectors_from_user(u64 address, u64 components) */
        .globl arch_load_vectors_from_user
        .balign 16
arch_load_vectors_from_user:
        lift_guard
        movl %esi, %eax
        movq %rsi, %rdx
        shrq $32, %rdx
773:    xrstor64 (%rdi)
        may_fault word_failed
        lower_guard
        xorl %eax, %eax
        ret
word_failed:
        lower_guard
        movl $1, %eax
        ret
        .section .note.GNU-stack, "", @progbits
