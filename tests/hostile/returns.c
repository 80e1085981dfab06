// SPDX-License-Identifier: BSD-2-Clause
// Tricks with the ways back to user mode: forged signal frames, odd stacks, bases and selectors.
#include "hostile.h"

#include <asm/ldt.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define NOT_CANONICAL 0x4000000000000000LL
#define KERNEL ((greg_t)0xffff888000000000ULL)

static void (*forge)(ucontext_t *);

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    forge(context);
}

// Returns through a frame that `change` has changed; yields the flags seen after the return.
static uint64_t through_frame(void (*change)(ucontext_t *)) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    uint64_t flags;
    forge = change;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    __asm__ volatile("pushf\n pop %0" : "=r"(flags));
    return flags;
}

#define FORGE(name, statement)                                  \
    static void name##_change(ucontext_t *context) {            \
        greg_t *registers = context->uc_mcontext.gregs;         \
        (void)registers;                                        \
        statement;                                              \
    }                                                           \
    static void name(void) {                                    \
        through_frame(name##_change);                           \
    }

FORGE(rip_not_canonical, registers[REG_RIP] = NOT_CANONICAL)
FORGE(rip_kernel, registers[REG_RIP] = KERNEL)
FORGE(rip_edge, registers[REG_RIP] = 0x7ffffffff000)
FORGE(rsp_not_canonical, registers[REG_RSP] = NOT_CANONICAL)
FORGE(rsp_kernel, registers[REG_RSP] = KERNEL)
FORGE(cs_kernel, registers[REG_CSGSFS] = 0x10 | 0x2bLL << 48)
FORGE(cs_null, registers[REG_CSGSFS] = 0x2bLL << 48)
FORGE(cs_data, registers[REG_CSGSFS] = 0x2b | 0x2bLL << 48)
FORGE(cs_beyond, registers[REG_CSGSFS] = 0xfffb | 0x2bLL << 48)
FORGE(fp_state_kernel, context->uc_mcontext.fpregs = (void *)KERNEL)
FORGE(fp_state_low, context->uc_mcontext.fpregs = (void *)0x1000)
FORGE(fp_state_mxcsr, context->uc_mcontext.fpregs->mxcsr = 0xffffffff)
FORGE(fp_state_header, memset((char *)context->uc_mcontext.fpregs + 512, 0xff, 64))
FORGE(ss_any, registers[REG_CSGSFS] = 0x33 | 0xfff8LL << 48)
FORGE(mask_all, memset(&context->uc_sigmask, 0xff, sizeof context->uc_sigmask))

static void all_flags(ucontext_t *context) {
    context->uc_mcontext.gregs[REG_EFL] = 0x1fffff & ~0x100 & ~0x400;  // no TF, no DF
}

static void no_flags(ucontext_t *context) {
    context->uc_mcontext.gregs[REG_EFL] = 0;
}

// Neither the interrupt flag nor the I/O privilege may be changed from user mode.
static void flags_filtered(void) {
    uint64_t set = through_frame(all_flags), clear = through_frame(no_flags);
    if (set & 0x3000 || set & 0x20000 || !(set & 0x200) || !(clear & 0x200))
        fail("flags %#lx and %#lx", (unsigned long)set, (unsigned long)clear);
}

static void bare_sigreturn(uint64_t stack) {
    __asm__ volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall" : : "r"(stack) : "memory", "rax");
}

static void sigreturn_kernel_stack(void) {
    bare_sigreturn(KERNEL);
}

static void sigreturn_not_canonical(void) {
    bare_sigreturn(NOT_CANONICAL);
}

static void sigreturn_unmapped(void) {
    bare_sigreturn(0x2000);
}

static void sigreturn_garbage(void) {
    static char garbage[8192] __attribute__((aligned(16)));
    memset(garbage, 0xcc, sizeof garbage);
    bare_sigreturn((uint64_t)garbage + 1024);
}

static void call_with_odd_stack(void) {
    long pid, expected = getpid();
    static const uint64_t stacks[] = {0,      8,     (uint64_t)NOT_CANONICAL, (uint64_t)KERNEL,
                                      0x1001, ~0ULL};
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++) {
        __asm__ volatile("mov %%rsp, %%rbx\n mov %1, %%rsp\n mov $39, %%eax\n syscall\n"
                         "mov %%rbx, %%rsp"
                         : "=&a"(pid)
                         : "r"(stacks[i])
                         : "rbx", "rcx", "r11", "memory");
        if (pid != expected)
            fail("getpid = %ld", pid);
    }
}

// The instruction after `syscall` lies in the first byte that cannot be user code.
static void call_at_edge(void) {
    char *page = (char *)0x7fffffffe000;
    void *at = mmap(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (at != page)
        raise(SIGSEGV);
    page[4094] = 0x0f;
    page[4095] = 0x05;
    __asm__ volatile("mov $39, %%eax\n jmp *%0" : : "r"(page + 4094) : "rax", "rcx", "r11");
}

static bool has_fsgsbase(void) {
    return getauxval(AT_HWCAP2) & 2;
}

// A GS base that looks like the kernel's own must not confuse its entries.
static void gs_base_kernel(void) {
    if (!has_fsgsbase())
        raise(SIGSEGV);
    __asm__ volatile("wrgsbase %0" : : "r"(KERNEL));
    for (int i = 0; i < 1000; i++)
        syscall(SYS_sched_yield);
    signal(SIGTRAP, SIG_IGN);
    raise(SIGTRAP);
    __asm__ volatile("mov %%gs:0, %%eax" ::: "eax");
}

static void gs_base_refused(void) {
    if (syscall(SYS_arch_prctl, 0x1001, KERNEL) == 0 ||
        syscall(SYS_arch_prctl, 0x1002, KERNEL) == 0)
        fail("arch_prctl took a kernel address");
    if (syscall(SYS_arch_prctl, 0x1001, NOT_CANONICAL) == 0)
        fail("arch_prctl took an address that is not canonical");
}

static void local_descriptors(void) {
    struct user_desc entry = {.entry_number = 1, .base_addr = 0, .limit = 0xfffff, .seg_32bit = 1,
                              .limit_in_pages = 1, .contents = 0};
    if (syscall(SYS_modify_ldt, 1, &entry, sizeof entry) < 0)
        return;  // not offered
    __asm__ volatile("mov %0, %%gs\n mov %%gs:0x10000, %%al" : : "r"(1 << 3 | 7) : "eax");
}

static void local_descriptor_refusals(void) {
    struct user_desc entry = {.entry_number = 9000};
    if (syscall(SYS_modify_ldt, 1, &entry, sizeof entry) == 0)
        fail("an entry beyond the table");
    if (syscall(SYS_modify_ldt, 1, (void *)KERNEL, sizeof entry) == 0)
        fail("a kernel pointer");
    if (syscall(SYS_modify_ldt, 1, &entry, 3) == 0)
        fail("a wrong size");
}

static volatile int steps;

static void on_step(int number) {
    (void)number;
    steps++;
}

// Single-stepping through system calls and back.
static void step_through_calls(void) {
    signal(SIGTRAP, on_step);
    __asm__ volatile("pushf\n orl $0x100, (%%rsp)\n popf\n mov $39, %%eax\n syscall\n"
                     "mov $39, %%eax\n syscall\n pushf\n andl $~0x100, (%%rsp)\n popf"
                     ::: "rax", "rcx", "r11", "memory", "cc");
    if (steps < 5)
        fail("%d steps", (int)steps);
}

#define SEGV SIGNAL(SIGSEGV)
#define ENTRY(function, deaths, returns) \
    {.name = "return/" #function, .run = function, .signals = (deaths), .may_return = (returns)}

const struct attack return_attacks[] = {
    ENTRY(rip_not_canonical, SEGV, false), ENTRY(rip_kernel, SEGV, false),
    ENTRY(rip_edge, SEGV, false), ENTRY(rsp_not_canonical, SEGV | SIGNAL(SIGBUS), false),
    ENTRY(rsp_kernel, SEGV, false), ENTRY(cs_kernel, SEGV, false), ENTRY(cs_null, SEGV, false),
    ENTRY(cs_data, SEGV, false), ENTRY(cs_beyond, SEGV, false),
    ENTRY(fp_state_kernel, SEGV, false), ENTRY(fp_state_low, SEGV, false),
    ENTRY(fp_state_mxcsr, SEGV, true), ENTRY(fp_state_header, SEGV, true),
    ENTRY(ss_any, SEGV, true), ENTRY(mask_all, 0, true), ENTRY(flags_filtered, 0, true),
    ENTRY(sigreturn_kernel_stack, SEGV, false), ENTRY(sigreturn_not_canonical, SEGV, false),
    ENTRY(sigreturn_unmapped, SEGV, false), ENTRY(sigreturn_garbage, SEGV, false),
    ENTRY(call_with_odd_stack, 0, true), ENTRY(call_at_edge, SEGV, false),
    ENTRY(gs_base_kernel, SEGV, false), ENTRY(gs_base_refused, 0, true),
    ENTRY(local_descriptors, SEGV, true), ENTRY(local_descriptor_refusals, 0, true),
    ENTRY(step_through_calls, 0, true),
    {0},
};
