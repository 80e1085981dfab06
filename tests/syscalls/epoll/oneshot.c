// SPDX-License-Identifier: BSD-2-Clause
// EPOLLONESHOT disables after one event until it is modified.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {EPOLLIN | EPOLLONESHOT, {.fd = 7}}, got;
    IS(fcntl(poller, F_GETFD), FD_CLOEXEC);
    pipe(ends);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
    write(ends[1], "x", 1);
    IS(epoll_wait(poller, &got, 1, 0), 1);
    IS(got.data.fd, 7);
    IS(epoll_wait(poller, &got, 1, 0), 0);
    write(ends[1], "x", 1);
    IS(epoll_wait(poller, &got, 1, 0), 0);
    event.data.fd = 8;
    IS(epoll_ctl(poller, EPOLL_CTL_MOD, ends[0], &event), 0);
    IS(epoll_wait(poller, &got, 1, 0), 1);
    IS(got.data.fd, 8);
    IS(epoll_wait(poller, &got, 1, 0), 0);
}
