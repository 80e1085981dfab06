// SPDX-License-Identifier: BSD-2-Clause
// nanosleep cut by a signal tells what is left; SA_RESTART does not matter to it.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    struct timespec time = {5, 0}, left = {0, 0};
    struct itimerval timer = {.it_value = {0, 50000}};
    handle(SIGALRM, handler, SA_RESTART);
    setitimer(ITIMER_REAL, &timer, NULL);
    FAILS(syscall(SYS_nanosleep, &time, &left), EINTR);
    IS(count, 1);
    IS(left.tv_sec, 4);
    IS(alarm(0), 0);
    setitimer(ITIMER_REAL, &timer, NULL);
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 5;
    left.tv_sec = 77;
    FAILS(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &time, &left), EINTR);
    IS(left.tv_sec, 77);
    pid_t parent = getpid();
    pid_t pid = CHILD({
        sleep_ms(30);
        kill(parent, SIGSTOP);
        sleep_ms(30);
        kill(parent, SIGCONT);
    });
    int64_t start = now_ms();
    time = (struct timespec){0, 150000000};
    IS(syscall(SYS_nanosleep, &time, &left), 0);
    CHECK(now_ms() - start >= 150);
    EXITS(pid, 0);
}
