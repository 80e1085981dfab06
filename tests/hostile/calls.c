// SPDX-License-Identifier: BSD-2-Clause
// Passes kernel pointers to every system call, in every argument, among different neighbours.
// It runs as a user without rights; any answer is accepted, the kernel's survival is the test, and
// for the calls of which it is known, EFAULT.
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { last_call = 450, arguments = 6, seconds_per_call = 3 };
enum { first_native_call = 0x60000000, native_calls = 8 };  // abi/native/calls.def, and one more

static const uint64_t kernel_pointers[] = {
    0xffff800000000000, 0xffff888000000000, 0xffffffff80000000, 0xffffffff81000000,
    0xffffffffffffe000, 0x8000000000000000, 0x0100000000000000, 0x00007ffffffff000,
};

// Calls that end or multiply the process, or leave things behind that outlive it.
static bool is_left_out(long number) {
    static const long numbers[] = {
        SYS_exit,   SYS_exit_group, SYS_fork,   SYS_vfork,  SYS_clone,      SYS_clone3,
        SYS_kill,   SYS_tkill,      SYS_tgkill, SYS_reboot, SYS_rt_sigreturn, SYS_shmget,
        SYS_semget, SYS_msgget,     SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void on_alarm(int number) {
    (void)number;
}

// A call that blocks is cut short by a timer that is set anew for each.
static void arm(void) {
    struct itimerval soon = {{0, 5000}, {0, 5000}};
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void try_call(long number, uint64_t filler) {
    for (int position = 0; position < arguments; position++)
        for (size_t i = 0; i < sizeof kernel_pointers / sizeof *kernel_pointers; i++) {
            uint64_t a[arguments] = {filler, filler, filler, filler, filler, filler};
            a[position] = kernel_pointers[i];
            arm();
            syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
}

static void child_for(long number) {
    struct sigaction action = {.sa_handler = on_alarm};
    struct rlimit memory = {256 << 20, 256 << 20};
    setpgid(0, 0);
    setrlimit(RLIMIT_AS, &memory);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 8; fd++)
        if (fd != null)
            dup2(null, fd);
    if (number >= first_native_call)
        dup2((int)syscall(first_native_call, 0L), 1);  // a port, with all rights
    sigaction(SIGALRM, &action, NULL);
    try_call(number, 0);
    try_call(number, 1);
    try_call(number, (uint64_t)page);
    for (size_t i = 0; i < sizeof kernel_pointers / sizeof *kernel_pointers; i++) {
        uint64_t at = kernel_pointers[i];
        arm();
        syscall(number, at, at, at, at, at, at);
    }
    _exit(0);
}

static void attack_call(long number) {
    pid_t pid = fork();
    if (pid < 0)
        fail("fork: errno %d", errno);
    if (pid == 0)
        child_for(number);
    int waited = 0, status;
    while (waitpid(pid, &status, WNOHANG) == 0 && waited++ < seconds_per_call * 1000)
        usleep(1000);
    kill(pid, SIGKILL);
    kill(-pid, SIGKILL);
    waitpid(pid, &status, 0);
}

static void kernel_pointers_to_all(void) {
    become_nobody();
    for (long number = 0; number <= last_call; number++)
        if (!is_left_out(number))
            attack_call(number);
}

// Pith's native calls (ENOSYS on Linux); tests/native/calls.c checks what they answer.
static void kernel_pointers_to_native(void) {
    become_nobody();
    for (long row = 0; row < native_calls; row++)
        attack_call(first_native_call + row);
}

static void expect_efault(const char *name, long result) {
    if (result != -1 || errno != EFAULT)
        fail("%s: %ld errno %d", name, result, errno);
}

#define EXPECT_EFAULT(call, ...) expect_efault(#call, syscall(SYS_##call, __VA_ARGS__))

static void kernel_pointers_known(void) {
    int ends[2], file = open("/tmp/hostile-calls", O_RDWR | O_CREAT, 0600);
    int zero = open("/dev/zero", O_RDWR), folder = open("/", O_RDONLY);
    unlink("/tmp/hostile-calls");
    write(file, "0123456789", 10);
    pipe(ends);
    write(ends[1], "0123456789", 10);
    for (size_t i = 0; i < sizeof kernel_pointers / sizeof *kernel_pointers; i++) {
        uint64_t at = kernel_pointers[i];
        EXPECT_EFAULT(read, zero, at, 100L);
        EXPECT_EFAULT(read, ends[0], at, 10L);
        EXPECT_EFAULT(write, ends[1], at, 10L);
        EXPECT_EFAULT(pread64, file, at, 10L, 0L);
        EXPECT_EFAULT(pwrite64, file, at, 10L, 0L);
        EXPECT_EFAULT(readv, zero, at, 1);
        EXPECT_EFAULT(stat, "/", at);
        EXPECT_EFAULT(fstat, file, at);
        EXPECT_EFAULT(open, at, O_RDONLY);
        EXPECT_EFAULT(getdents64, folder, at, 4096L);
        EXPECT_EFAULT(getcwd, at, 4096L);
        EXPECT_EFAULT(pipe, at);
        EXPECT_EFAULT(uname, at);
        EXPECT_EFAULT(sysinfo, at);
        EXPECT_EFAULT(clock_gettime, 0, at);
        EXPECT_EFAULT(nanosleep, at, NULL);
        EXPECT_EFAULT(rt_sigaction, SIGUSR1, at, NULL, 8L);
        EXPECT_EFAULT(rt_sigaction, SIGUSR1, NULL, at, 8L);
        EXPECT_EFAULT(rt_sigprocmask, SIG_BLOCK, NULL, at, 8L);
        EXPECT_EFAULT(execve, at, NULL, NULL);
        EXPECT_EFAULT(getrandom, at, 16L, 0);
        EXPECT_EFAULT(clone3, at, 88L);
    }
}

// A child whose ids should be written to the kernel: it must live and the kernel not be written.
static void clone_ids_to_kernel(void) {
    for (size_t i = 0; i < sizeof kernel_pointers / sizeof *kernel_pointers; i++) {
        uint64_t at = kernel_pointers[i];
        long flags = 0x00100000 | 0x01000000 | 0x00200000 | SIGCHLD;  // both SETTIDs, CLEARTID
        long pid = syscall(SYS_clone, flags, 0L, at, at, 0L);
        if (pid == 0)
            syscall(SYS_exit_group, 0);
        int status;
        if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
            fail("clone with %#lx: status %#x", (unsigned long)at, status);
    }
}

const struct attack call_attacks[] = {
    {.name = "call/kernel-pointers-known", .run = kernel_pointers_known},
    {.name = "call/clone-ids-to-kernel", .run = clone_ids_to_kernel},
    {.name = "call/kernel-pointers-to-native", .run = kernel_pointers_to_native, .seconds = 60},
    {.name = "call/kernel-pointers-to-all", .run = kernel_pointers_to_all, .seconds = 300},
    {0},
};
