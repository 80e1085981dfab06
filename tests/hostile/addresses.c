// SPDX-License-Identifier: BSD-2-Clause
// Reads, writes and executes addresses that no user program may touch.
#include "hostile.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile uint64_t random_state;

static void on_fault(int number) {
    siglongjmp(back, number);
}

static void catch_faults(void) {
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}

static uint64_t next_random(void) {
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return random_state >> 8;
}

static void read_at(uint64_t address) {
    (void)*(volatile char *)address;
}

static void write_at(uint64_t address) {
    *(volatile char *)address = 1;
}

static void run_at(uint64_t address) {
    ((void (*)(void))address)();
}

// The legacy vsyscall page may be executed: Linux emulates it.
static bool is_vsyscall(uint64_t address) {
    return address >> 12 == 0xffffffffff600;
}

static void expect_fault(void (*touch)(uint64_t), uint64_t address) {
    if (is_vsyscall(address) || sigsetjmp(back, 1))
        return;
    touch(address);
    fail("no fault at %#lx", (unsigned long)address);
}

static void sweep(void (*touch)(uint64_t)) {
    static const uint64_t offsets[] = {0, 0x1000, 0x100000, 0x40000000, 0x7ffffff000};
    catch_faults();
    for (uint64_t slot = 256; slot < 512; slot++)
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
            expect_fault(touch, 0xffff000000000000 | slot << 39 | offsets[i]);
    // Densely where kernels are linked, and at random over the upper half.
    for (uint64_t at = 0xffffffff80000000; at >= 0xffffffff80000000; at += 0x400000)
        expect_fault(touch, at + 0x10);
    for (int i = 0; i < 1000; i++) {
        expect_fault(touch, 0xffff800000000000 | (next_random() & 0x7fffffffffff));
        expect_fault(touch, (next_random() & 0x7fffffffffffff) | 0x8000000000000000);
    }
    // Not canonical, or just above what a process may own; and below the lowest mappable address.
    for (int bit = 57; bit < 64; bit++)
        expect_fault(touch, 1ULL << bit);
    expect_fault(touch, 0x7ffffffffff0);
    expect_fault(touch, 0xffffffffffffffff);
    for (uint64_t at = 0; at < 0x8000; at += 0x800)
        expect_fault(touch, at);
}

static void read_kernel(void) {
    sweep(read_at);
}

static void write_kernel(void) {
    sweep(write_at);
}

static void execute_kernel(void) {
    sweep(run_at);
}

static __attribute__((noinline)) int deep(int level) {
    volatile char fill[3000];
    fill[0] = (char)level;
    return level < 100000000 ? deep(level + 1) + fill[0] : 0;
}

static void overflow_stack(void) {
    deep(0);
}

static void overflow_unlimited_stack(void) {
    struct rlimit limit = {256 << 20, RLIM_INFINITY};
    setrlimit(RLIMIT_STACK, &limit);
    deep(0);
}

// The kernel cannot push a signal frame: the process must die, not hang.
static void frame_on_no_stack(void) {
    signal(SIGSEGV, on_fault);
    __asm__ volatile("mov $0x1000, %%rsp\n push %%rax" ::: "memory");
}

static void frame_on_kernel_stack(void) {
    signal(SIGSEGV, on_fault);
    __asm__ volatile("mov %0, %%rsp\n ud2" : : "r"(0xffff888000000800) : "memory");
}

static void map_over_kernel(void) {
    for (uint64_t slot = 256; slot < 512; slot++) {
        void *at = (void *)(0xffff000000000000 | slot << 39);
        if (mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
            fail("mapped %p", at);
        if (munmap(at, 4096) == 0)
            fail("unmapped %p", at);
        if (mprotect(at, 4096, PROT_READ | PROT_WRITE) == 0)
            fail("protected %p", at);
    }
}

const struct attack address_attacks[] = {
    {.name = "address/read-kernel", .run = read_kernel},
    {.name = "address/write-kernel", .run = write_kernel},
    {.name = "address/execute-kernel", .run = execute_kernel},
    {.name = "address/map-over-kernel", .run = map_over_kernel},
    {.name = "address/stack-overflow", .run = overflow_stack, .signals = SIGNAL(SIGSEGV)},
    {.name = "address/stack-overflow-256-MiB", .run = overflow_unlimited_stack,
     .signals = SIGNAL(SIGSEGV)},
    {.name = "address/frame-on-no-stack", .run = frame_on_no_stack, .signals = SIGNAL(SIGSEGV)},
    {.name = "address/frame-on-kernel-stack", .run = frame_on_kernel_stack,
     .signals = SIGNAL(SIGILL) | SIGNAL(SIGSEGV)},
    {0},
};
