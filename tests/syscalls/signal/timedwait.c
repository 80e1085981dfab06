// SPDX-License-Identifier: BSD-2-Clause
// sigtimedwait takes a pending signal, times out, and is interrupted by others.
#include "../test.h"

static void handler(int number) {
    (void)number;
}
static void test(void) {
    siginfo_t info;
    sigset_t set = set_of(SIGUSR1);
    struct timespec none = {0, 0}, some = {0, 30000000}, long_time = {10, 0};
    block(SIGUSR1);
    FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
    int64_t start = now_ms();
    FAILS(sigtimedwait(&set, &info, &some), EAGAIN);
    CHECK(now_ms() - start >= 29);
    kill(getpid(), SIGUSR1);
    IS(sigtimedwait(&set, &info, &long_time), SIGUSR1);
    IS(info.si_code, SI_USER);
    FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
    handle(SIGUSR2, handler, 0);
    pid_t parent = getpid();
    pid_t pid = CHILD({ sleep_ms(30); kill(parent, SIGUSR2); });
    FAILS(syscall(SYS_rt_sigtimedwait, &set, &info, &long_time, 8L), EINTR);
    EXITS(pid, 0);
    struct timespec bad = {0, 1000000000};
    FAILS(syscall(SYS_rt_sigtimedwait, &set, &info, &bad, 8L), EINVAL);
    pid = CHILD({ sleep_ms(30); kill(parent, SIGUSR1); });
    IS(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK(info.si_pid == pid);
    EXITS(pid, 0);
}
