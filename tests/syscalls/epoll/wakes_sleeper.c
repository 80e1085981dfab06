// SPDX-License-Identifier: BSD-2-Clause
// A waiting epoll is woken by an event and by a descriptor added while it waits.
#include "../test.h"

#include <sys/epoll.h>
static int poller, ends[2];
static volatile int tid;
static void *waiter(void *unused) {
    struct epoll_event got;
    tid = gettid();
    return epoll_wait(poller, &got, 1, 10000) == 1 ? (void *)(long)got.data.fd : unused;
}
static void test(void) {
    pthread_t thread;
    void *result;
    struct epoll_event event = {EPOLLIN, {.fd = 11}};
    poller = epoll_create1(0);
    pipe(ends);
    write(ends[1], "x", 1);
    pthread_create(&thread, NULL, waiter, NULL);
    while (!tid)
        sleep_ms(1);
    wait_asleep(tid);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
    IS(pthread_join(thread, &result), 0);
    IS(result, 11);
}
