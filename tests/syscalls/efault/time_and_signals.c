// SPDX-License-Identifier: BSD-2-Clause
// Bad pointers to the calls of time, signals and limits.
#include "../test.h"

static void *bad;
static void all(void) {
    int timer = 0;
    FAILS(syscall(SYS_clock_gettime, CLOCK_REALTIME, bad), EFAULT);
    FAILS(syscall(SYS_clock_getres, CLOCK_REALTIME, bad), EFAULT);
    FAILS(syscall(SYS_gettimeofday, bad, NULL), EFAULT);
    FAILS(syscall(SYS_time, bad), EFAULT);
    FAILS(syscall(SYS_nanosleep, bad, NULL), EFAULT);
    FAILS(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, bad, NULL), EFAULT);
    FAILS(syscall(SYS_setitimer, ITIMER_REAL, bad, NULL), EFAULT);
    FAILS(syscall(SYS_getitimer, ITIMER_REAL, bad), EFAULT);
    FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, bad, &timer), EFAULT);
    FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, bad), EFAULT);
    FAILS(syscall(SYS_times, bad), EFAULT);
    FAILS(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, bad, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, bad, NULL, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigpending, bad, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigsuspend, bad, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigtimedwait, bad, NULL, NULL, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, bad), EFAULT);
    FAILS(syscall(SYS_sigaltstack, NULL, bad), EFAULT);
    FAILS(syscall(SYS_getrlimit, RLIMIT_CPU, bad), EFAULT);
    FAILS(syscall(SYS_setrlimit, RLIMIT_CPU, bad), EFAULT);
    FAILS(syscall(SYS_getrusage, RUSAGE_SELF, bad), EFAULT);
    FAILS(syscall(SYS_uname, bad), EFAULT);
    FAILS(syscall(SYS_sysinfo, bad), EFAULT);
    FAILS(syscall(SYS_getgroups, 100, bad), EFAULT);
    FAILS(syscall(SYS_getresuid, bad, bad, bad), EFAULT);
    FAILS(syscall(SYS_futex, bad, 0, 0, NULL, NULL, 0), EFAULT);
}
static void test(void) {
    gid_t groups[] = {1, 2};
    setgroups(2, groups);
    bad = BAD_POINTER;
    all();
    bad = (void *)0xffff888000000000;
    all();
}
