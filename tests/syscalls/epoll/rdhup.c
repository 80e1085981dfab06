// SPDX-License-Identifier: BSD-2-Clause
// EPOLLRDHUP and EPOLLHUP on a socket pair.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int pair[2], poller = epoll_create1(0);
    struct epoll_event event = {EPOLLIN | EPOLLRDHUP, {0}}, got;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, pair[0], &event), 0);
    IS(epoll_wait(poller, &got, 1, 0), 0);
    IS(shutdown(pair[1], SHUT_WR), 0);
    IS(epoll_wait(poller, &got, 1, 0), 1);
    IS(got.events, EPOLLIN | EPOLLRDHUP);
    close(pair[1]);
    IS(epoll_wait(poller, &got, 1, 0), 1);
    IS(got.events, EPOLLIN | EPOLLRDHUP | EPOLLHUP);
}
