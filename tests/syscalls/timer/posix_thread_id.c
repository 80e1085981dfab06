// SPDX-License-Identifier: BSD-2-Clause
// SIGEV_THREAD_ID aims at one thread; SIGEV_NONE only counts down.
#include "../test.h"

static volatile pid_t receiver, target;
static volatile int done;
static void handler(int number) {
    (void)number;
    receiver = gettid();
    done = 1;
}
static void *worker(void *unused) {
    target = gettid();
    while (!done)
        sleep_ms(1);
    return unused;
}
static void test(void) {
    pthread_t thread;
    int id;
    handle(SIGUSR1, handler, 0);
    pthread_create(&thread, NULL, worker, NULL);
    while (!target)
        sleep_ms(1);
    struct sigevent event = {.sigev_notify = 4, .sigev_signo = SIGUSR1};
    ((int *)&event)[4] = target;
    struct itimerspec when = {{0, 0}, {0, 10000000}}, now;
    IS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), 0);
    IS(syscall(SYS_timer_settime, id, 0, &when, NULL), 0);
    IS(pthread_join(thread, NULL), 0);
    CHECK(receiver == target);
    event.sigev_notify = SIGEV_NONE;
    IS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), 0);
    IS(syscall(SYS_timer_settime, id, 0, &when, NULL), 0);
    sleep_ms(30);
    IS(syscall(SYS_timer_gettime, id, &now), 0);
    IS(now.it_value.tv_nsec, 0);
    ((int *)&event)[4] = 1;
    event.sigev_notify = 4;
    FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
}
