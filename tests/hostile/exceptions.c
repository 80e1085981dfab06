// SPDX-License-Identifier: BSD-2-Clause
// Raises every exception of the processor that user code can raise, each in its own process.
// Where QEMU's TCG raises none (#AC, #XM) or another one (icebp: #UD) that is accepted.
#include "hostile.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#define INSTRUCTION(name, code)                                                       \
    static void name(void) {                                                          \
        __asm__ volatile(code : : : "rax", "rcx", "rdx", "rbx", "memory", "cc");      \
    }

INSTRUCTION(divide, "xor %%edx, %%edx\n xor %%ecx, %%ecx\n div %%ecx")
INSTRUCTION(divide_overflow, "mov $0x80000000, %%eax\n cltd\n mov $-1, %%ecx\n idiv %%ecx")
INSTRUCTION(icebp, ".byte 0xf1")
INSTRUCTION(int3, "int3")
INSTRUCTION(single_step, "pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop")
INSTRUCTION(ud2, "ud2")
INSTRUCTION(hlt, "hlt")
INSTRUCTION(cli, "cli")
INSTRUCTION(sti, "sti")
INSTRUCTION(in, "in $0x60, %%al")
INSTRUCTION(out, "out %%al, $0x80")
INSTRUCTION(ins, "mov $0x60, %%edx\n insb")
INSTRUCTION(lidt, "lidt (%%rsp)")
INSTRUCTION(lgdt, "lgdt (%%rsp)")
INSTRUCTION(lldt, "xor %%eax, %%eax\n lldt %%ax")
INSTRUCTION(ltr, "xor %%eax, %%eax\n ltr %%ax")
INSTRUCTION(lmsw, "xor %%eax, %%eax\n lmsw %%ax")
INSTRUCTION(read_cr0, "mov %%cr0, %%rax")
INSTRUCTION(write_cr0, "mov %%rax, %%cr0")
INSTRUCTION(write_cr3, "mov %%rax, %%cr3")
INSTRUCTION(write_cr4, "mov %%rax, %%cr4")
INSTRUCTION(write_cr8, "mov %%rax, %%cr8")
INSTRUCTION(write_dr7, "mov %%rax, %%dr7")
INSTRUCTION(clts, "clts")
INSTRUCTION(invd, "invd")
INSTRUCTION(wbinvd, "wbinvd")
INSTRUCTION(invlpg, "invlpg (%%rsp)")
INSTRUCTION(rdmsr, "mov $0xc0000080, %%ecx\n rdmsr")
INSTRUCTION(wrmsr, "mov $0xc0000082, %%ecx\n wrmsr")
INSTRUCTION(swapgs, "swapgs")
INSTRUCTION(sysret, "sysretq")
INSTRUCTION(stac, "stac")
INSTRUCTION(monitor, "monitor")
INSTRUCTION(xsetbv, "xor %%ecx, %%ecx\n xsetbv")
INSTRUCTION(sgdt, "sub $16, %%rsp\n sgdt (%%rsp)\n add $16, %%rsp")
INSTRUCTION(sidt, "sub $16, %%rsp\n sidt (%%rsp)\n add $16, %%rsp")
INSTRUCTION(smsw, "smsw %%rax")
INSTRUCTION(str, "str %%rax")
INSTRUCTION(sysenter, "sysenter")
INSTRUCTION(int_page_fault, "int $14")
INSTRUCTION(int_double_fault, "int $8")
INSTRUCTION(int_nmi, "int $2")
INSTRUCTION(int_debug, "int $1")
INSTRUCTION(int_device, "int $0x20")
INSTRUCTION(int_timer, "int $0xef")
INSTRUCTION(int_linux, "mov $20, %%eax\n int $0x80")
INSTRUCTION(int_overflow, "int $4")
INSTRUCTION(ds_kernel, "mov $0x18, %%eax\n mov %%eax, %%ds")
INSTRUCTION(ss_null, "xor %%eax, %%eax\n mov %%eax, %%ss")
INSTRUCTION(fs_beyond, "mov $0xfff8, %%eax\n mov %%eax, %%fs")
INSTRUCTION(far_to_kernel, "pushq $0x10\n lea 1f(%%rip), %%rax\n pushq %%rax\n lretq\n 1:")
INSTRUCTION(far_to_beyond, "pushq $0xfff8\n lea 1f(%%rip), %%rax\n pushq %%rax\n lretq\n 1:")
INSTRUCTION(iret_to_kernel, "mov %%rsp, %%rax\n pushq $0x18\n push %%rax\n pushf\n pushq $0x10\n"
                            "lea 1f(%%rip), %%rax\n push %%rax\n iretq\n 1:")
INSTRUCTION(iret_not_canonical, "mov %%ss, %%ecx\n mov %%cs, %%edx\n mov %%rsp, %%rax\n"
                                "push %%rcx\n"
                                "push %%rax\n pushf\n push %%rdx\n mov $1, %%eax\n shl $62, %%rax\n"
                                "push %%rax\n iretq")
INSTRUCTION(load_not_canonical, "mov $1, %%eax\n shl $62, %%rax\n mov (%%rax), %%rax")
INSTRUCTION(jump_not_canonical, "mov $1, %%eax\n shl $62, %%rax\n jmp *%%rax")
INSTRUCTION(stack_not_canonical, "mov $1, %%eax\n shl $62, %%rax\n mov %%rax, %%rsp\n push %%rax")
INSTRUCTION(null_load, "xor %%eax, %%eax\n mov (%%rax), %%eax")
INSTRUCTION(null_jump, "xor %%eax, %%eax\n jmp *%%rax")
INSTRUCTION(write_code, "lea 1f(%%rip), %%rax\n 1: movb $0x90, (%%rax)")
INSTRUCTION(too_long, ".fill 15, 1, 0x66\n nop")
INSTRUCTION(lock_register, ".byte 0xf0, 0x90")
INSTRUCTION(alignment, "pushf\n orl $0x40000, (%%rsp)\n popf\n mov 1(%%rsp), %%eax")
INSTRUCTION(sse_alignment, "movaps 1(%%rsp), %%xmm0")
INSTRUCTION(x87, "fninit\n pushq $0x360\n fldcw (%%rsp)\n fld1\n fldz\n fdivrp\n fdivp\n fwait")
INSTRUCTION(sse, "pushq $0\n ldmxcsr (%%rsp)\n"
                 "xorps %%xmm0, %%xmm0\n divss %%xmm0, %%xmm0\n pop %%rax")
INSTRUCTION(bad_mxcsr, "pushq $-1\n ldmxcsr (%%rsp)")
INSTRUCTION(direction_and_nested, "pushf\n orl $0x4400, (%%rsp)\n popf\n"
                                  "mov $39, %%eax\n syscall\n"
                                  "mov $24, %%eax\n syscall\n cld\n pushf\n"
                                  "andl $~0x4000, (%%rsp)\n popf")
INSTRUCTION(stack_switch_trap, "mov %%ss, %%eax\n pushf\n orl $0x100, (%%rsp)\n popf\n"
                               "mov %%eax, %%ss\n int3")
INSTRUCTION(stack_switch_call, "mov %%ss, %%ebx\n mov $39, %%eax\n pushf\n orl $0x100, (%%rsp)\n"
                               "popf\n mov %%ebx, %%ss\n syscall")

static void execute_data(void) {
    static char code[] = {(char)0xc3};
    ((void (*)(void))(uintptr_t)code)();
}

static void bus_error(void) {
    char name[] = "/tmp/hostile-XXXXXX";
    int fd = mkstemp(name);
    volatile char *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    (void)at[0];
}

#define SEGV SIGNAL(SIGSEGV)
// QEMU up to 9.0 reads the stack of user mode's lret and iret with the kernel's rights, so SMAP
// reports a kernel access in user mode: Linux then kills the task in an oops.
#define FAR_RETURN (SEGV | SIGNAL(SIGKILL))
#define SEGV_OR_ILL (SEGV | SIGNAL(SIGILL))
#define ENTRY(function, deaths, returns) \
    {.name = "exception/" #function, .run = function, .signals = (deaths), .may_return = (returns)}

const struct attack exception_attacks[] = {
    ENTRY(divide, SIGNAL(SIGFPE), false), ENTRY(divide_overflow, SIGNAL(SIGFPE), false),
    ENTRY(icebp, SIGNAL(SIGTRAP) | SIGNAL(SIGILL), false), ENTRY(int3, SIGNAL(SIGTRAP), false),
    ENTRY(single_step, SIGNAL(SIGTRAP), false), ENTRY(ud2, SIGNAL(SIGILL), false),
    ENTRY(hlt, SEGV, false), ENTRY(cli, SEGV, false), ENTRY(sti, SEGV, false),
    ENTRY(in, SEGV, false), ENTRY(out, SEGV, false), ENTRY(ins, SEGV, false),
    ENTRY(lidt, SEGV, false), ENTRY(lgdt, SEGV, false), ENTRY(lldt, SEGV, false),
    ENTRY(ltr, SEGV, false), ENTRY(lmsw, SEGV, false), ENTRY(read_cr0, SEGV, false),
    ENTRY(write_cr0, SEGV, false), ENTRY(write_cr3, SEGV, false), ENTRY(write_cr4, SEGV, false),
    ENTRY(write_cr8, SEGV, false), ENTRY(write_dr7, SEGV, false), ENTRY(clts, SEGV, false),
    ENTRY(invd, SEGV, false), ENTRY(wbinvd, SEGV, false), ENTRY(invlpg, SEGV, false),
    ENTRY(rdmsr, SEGV, false), ENTRY(wrmsr, SEGV, false), ENTRY(swapgs, SEGV, false),
    ENTRY(sysret, SEGV_OR_ILL, false), ENTRY(stac, SEGV_OR_ILL, false),
    ENTRY(monitor, SEGV_OR_ILL, false), ENTRY(xsetbv, SEGV_OR_ILL, false), ENTRY(sgdt, SEGV, true),
    ENTRY(sidt, SEGV, true), ENTRY(smsw, SEGV, true), ENTRY(str, SEGV, true),
    ENTRY(sysenter, SEGV_OR_ILL, false), ENTRY(int_page_fault, SEGV, false),
    ENTRY(int_double_fault, SEGV, false), ENTRY(int_nmi, SEGV, false),
    ENTRY(int_debug, SEGV, false), ENTRY(int_device, SEGV, false), ENTRY(int_timer, SEGV, false),
    ENTRY(int_linux, SEGV | SIGNAL(SIGSYS), true), ENTRY(int_overflow, SEGV, false),
    ENTRY(ds_kernel, SEGV, false), ENTRY(ss_null, SEGV, false), ENTRY(fs_beyond, SEGV, false),
    ENTRY(far_to_kernel, FAR_RETURN, false), ENTRY(far_to_beyond, FAR_RETURN, false),
    ENTRY(iret_to_kernel, FAR_RETURN, false), ENTRY(iret_not_canonical, FAR_RETURN, false),
    ENTRY(load_not_canonical, SEGV, false), ENTRY(jump_not_canonical, SEGV, false),
    ENTRY(stack_not_canonical, SEGV | SIGNAL(SIGBUS), false), ENTRY(null_load, SEGV, false),
    ENTRY(null_jump, SEGV, false), ENTRY(write_code, SEGV, false), ENTRY(too_long, SEGV, false),
    ENTRY(lock_register, SIGNAL(SIGILL), false), ENTRY(alignment, SIGNAL(SIGBUS), true),
    ENTRY(sse_alignment, SEGV, true), ENTRY(x87, SIGNAL(SIGFPE), false),
    ENTRY(sse, SIGNAL(SIGFPE), true), ENTRY(bad_mxcsr, SEGV, false),
    ENTRY(direction_and_nested, 0, true), ENTRY(stack_switch_trap, SIGNAL(SIGTRAP), false),
    ENTRY(stack_switch_call, SIGNAL(SIGTRAP), false), ENTRY(execute_data, SEGV, false),
    ENTRY(bus_error, SIGNAL(SIGBUS), false),
    {0},
};
