// SPDX-License-Identifier: BSD-2-Clause
// Level-triggered events repeat, edge-triggered ones come once per arrival.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], level = epoll_create1(0), edge = epoll_create1(0);
    char buffer[8];
    struct epoll_event event = {EPOLLIN, {.u64 = 0x123456789a}}, got;
    pipe(ends);
    IS(epoll_ctl(level, EPOLL_CTL_ADD, ends[0], &event), 0);
    event.events = EPOLLIN | EPOLLET;
    IS(epoll_ctl(edge, EPOLL_CTL_ADD, ends[0], &event), 0);
    IS(epoll_wait(level, &got, 1, 0), 0);
    write(ends[1], "ab", 2);
    IS(epoll_wait(level, &got, 1, 0), 1);
    IS(got.events, EPOLLIN);
    IS(got.data.u64, 0x123456789a);
    IS(epoll_wait(level, &got, 1, 0), 1);
    IS(epoll_wait(edge, &got, 1, 0), 1);
    IS(epoll_wait(edge, &got, 1, 0), 0);
    read(ends[0], buffer, 1);
    IS(epoll_wait(edge, &got, 1, 0), 0);
    IS(epoll_wait(level, &got, 1, 0), 1);
    write(ends[1], "c", 1);
    IS(epoll_wait(edge, &got, 1, 0), 1);
    read(ends[0], buffer, 8);
    IS(epoll_wait(level, &got, 1, 0), 0);
    close(ends[1]);
    IS(epoll_wait(level, &got, 1, 0), 1);
    IS(got.events, EPOLLHUP);
    IS(epoll_wait(edge, &got, 1, 0), 1);
    IS(epoll_wait(edge, &got, 1, 0), 0);
}
