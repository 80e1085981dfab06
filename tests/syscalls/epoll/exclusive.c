// SPDX-License-Identifier: BSD-2-Clause
// EPOLLEXCLUSIVE: its allowed flags, and that a single event wakes someone.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], poller = epoll_create1(0), other = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLEXCLUSIVE, {.fd = 3}}, got;
    pipe(ends);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
    FAILS(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &event), EINVAL);
    event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT;
    FAILS(epoll_ctl(other, EPOLL_CTL_ADD, ends[0], &event), EINVAL);
    event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLET;
    IS(epoll_ctl(other, EPOLL_CTL_ADD, ends[0], &event), 0);
    pid_t a = CHILD({ QUIT(epoll_wait(poller, &got, 1, 10000)); });
    wait_asleep(a);
    write(ends[1], "x", 1);
    EXITS(a, 1);
    IS(epoll_wait(poller, &got, 1, 0), 1);
}
