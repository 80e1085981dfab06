// SPDX-License-Identifier: BSD-2-Clause
// What epoll_ctl and epoll_wait refuse.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2], poller = epoll_create1(0), file = make_file("f", "");
    struct epoll_event event = {EPOLLIN, {0}}, got[2];
    pipe(ends);
    IS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), 0);
    FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
    FAILS(epoll_ctl(poller, EPOLL_CTL_MOD, ends[1], &event), ENOENT);
    FAILS(epoll_ctl(poller, EPOLL_CTL_DEL, ends[1], &event), ENOENT);
    FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, file, &event), EPERM);
    FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, poller, &event), EINVAL);
    FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, 99, &event), EBADF);
    FAILS(epoll_ctl(99, EPOLL_CTL_ADD, ends[1], &event), EBADF);
    FAILS(epoll_ctl(file, EPOLL_CTL_ADD, ends[1], &event), EINVAL);
    FAILS(epoll_ctl(poller, 77, ends[0], &event), EINVAL);
    FAILS(epoll_ctl(poller, EPOLL_CTL_ADD, ends[1], BAD_POINTER), EFAULT);
    IS(epoll_ctl(poller, EPOLL_CTL_DEL, ends[0], NULL), 0);
    FAILS(epoll_wait(poller, got, 0, 0), EINVAL);
    FAILS(epoll_wait(poller, got, -1, 0), EINVAL);
    FAILS(epoll_wait(ends[0], got, 1, 0), EINVAL);
    FAILS(epoll_wait(99, got, 1, 0), EBADF);
    FAILS(epoll_create1(1), EINVAL);
    FAILS(syscall(SYS_epoll_create, 0), EINVAL);
}
