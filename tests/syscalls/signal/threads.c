// SPDX-License-Identifier: BSD-2-Clause
// Process signals go to a thread that does not block them; tgkill to the named one.
#include "../test.h"

static volatile pid_t receiver;
static volatile pid_t worker_id;
static volatile int stop;
static void handler(int number) {
    (void)number;
    receiver = gettid();
}
static void *worker(void *unused) {
    sigset_t set = set_of(SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    worker_id = gettid();
    while (!stop)
        sleep_ms(1);
    return unused;
}
static void until_received(void) {
    for (int i = 0; i < 3000 && !receiver; i++)
        sleep_ms(1);
}
static void test(void) {
    pthread_t thread;
    handle(SIGUSR1, handler, 0);
    handle(SIGUSR2, handler, 0);
    block(SIGUSR1);
    IS(pthread_create(&thread, NULL, worker, NULL), 0);
    while (!worker_id)
        sleep_ms(1);
    kill(getpid(), SIGUSR1);
    until_received();
    CHECK(receiver == worker_id);
    receiver = 0;
    syscall(SYS_tgkill, getpid(), worker_id, SIGUSR2);
    until_received();
    CHECK(receiver == worker_id);
    receiver = 0;
    syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2);
    CHECK(receiver == gettid());
    stop = 1;
    IS(pthread_join(thread, NULL), 0);
}
