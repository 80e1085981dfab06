// SPDX-License-Identifier: BSD-2-Clause
// timer_create with a signal: value, overrun, deletion, gettime.
#include "../test.h"

static volatile int count, value, code;
static void handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    count++;
    value = info->si_value.sival_int;
    code = info->si_code;
}
static void test(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
                             .sigev_value.sival_int = 99};
    struct itimerspec when = {{0, 10000000}, {0, 10000000}}, now;
    handle_info(SIGUSR1, handler, 0);
    IS(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    IS(timer_settime(timer, 0, &when, NULL), 0);
    while (count < 3)
        sleep_ms(1);
    IS(value, 99);
    IS(code, SI_TIMER);
    block(SIGUSR1);
    sleep_ms(60);
    sigset_t set = set_of(SIGUSR1);
    siginfo_t info;
    IS(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK(info.si_overrun >= 3);
    CHECK(timer_getoverrun(timer) >= 3);
    IS(timer_gettime(timer, &now), 0);
    IS(now.it_interval.tv_nsec, 10000000);
    IS(timer_delete(timer), 0);
    FAILS(syscall(SYS_timer_delete, 12345), EINVAL);
    FAILS(syscall(SYS_timer_settime, 12345, 0, &when, NULL), EINVAL);
    int id;
    FAILS(syscall(SYS_timer_create, 77, NULL, &id), EINVAL);
    event.sigev_signo = 100;
    FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
    IS(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), 0);
    IS(syscall(SYS_timer_delete, id), 0);
}
