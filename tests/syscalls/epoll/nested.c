// SPDX-License-Identifier: BSD-2-Clause
// An epoll set inside another; loops and too much depth are refused.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], sets[7];
    struct epoll_event event = {EPOLLIN, {.fd = 1}}, got;
    pipe(ends);
    for (int i = 0; i < 7; i++)
        sets[i] = epoll_create1(0);
    IS(epoll_ctl(sets[0], EPOLL_CTL_ADD, ends[0], &event), 0);
    for (int i = 1; i < 5; i++)
        IS(epoll_ctl(sets[i], EPOLL_CTL_ADD, sets[i - 1], &event), 0);
    FAILS(epoll_ctl(sets[5], EPOLL_CTL_ADD, sets[4], &event), ELOOP);
    FAILS(epoll_ctl(sets[0], EPOLL_CTL_ADD, sets[3], &event), ELOOP);
    IS(epoll_wait(sets[3], &got, 1, 0), 0);
    write(ends[1], "x", 1);
    IS(epoll_wait(sets[3], &got, 1, 0), 1);
    struct pollfd one = {sets[1], POLLIN, 0};
    IS(poll(&one, 1, 0), 1);
    IS(one.revents, POLLIN);
    char byte;
    read(ends[0], &byte, 1);
    IS(epoll_wait(sets[3], &got, 1, 0), 0);
    IS(poll(&one, 1, 0), 0);
}
