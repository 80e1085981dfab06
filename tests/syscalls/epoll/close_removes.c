// SPDX-License-Identifier: BSD-2-Clause
// Closing the last descriptor of a file takes it out of the set; a duplicate keeps it.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], poller = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {.fd = 5}}, got;
    pipe(ends);
    write(ends[1], "x", 1);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
    int twin = dup(ends[0]);
    close(ends[0]);
    IS(epoll_wait(poller, &got, 1, 0), 1);
    IS(got.data.fd, 5);
    FAILS(epoll_ctl(poller, EPOLL_CTL_DEL, ends[0], NULL), EBADF);
    close(twin);
    IS(epoll_wait(poller, &got, 1, 0), 0);
}
