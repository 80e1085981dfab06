// SPDX-License-Identifier: BSD-2-Clause
// si_code, si_pid, si_uid and si_value by kill, tgkill, sigqueue.
#include "../test.h"

static siginfo_t seen;
static void handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    seen = *info;
}
static void show(const char *how) {
    note("%s: signo %d code %d own pid %d uid %d", how, seen.si_signo, seen.si_code,
         seen.si_pid == getpid(), seen.si_uid);
}
static void test(void) {
    handle_info(SIGUSR1, handler, 0);
    kill(getpid(), SIGUSR1);
    show("kill");
    IS(seen.si_code, SI_USER);
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
    show("tgkill");
    IS(seen.si_code, SI_TKILL);
    union sigval value = {.sival_ptr = (void *)0x123456789abcL};
    IS(sigqueue(getpid(), SIGUSR1, value), 0);
    show("sigqueue");
    IS(seen.si_code, SI_QUEUE);
    CHECK(seen.si_value.sival_ptr == value.sival_ptr);
    siginfo_t made = {.si_signo = SIGUSR1, .si_code = -60};
    made.si_pid = getpid();
    IS(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &made), 0);
    IS(seen.si_code, -60);
    made.si_code = SI_USER;
    IS(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &made), 0);
    pid_t parent = getppid();
    FAILS(syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &made), EPERM);
    IS(seen.si_code, SI_USER);
}
