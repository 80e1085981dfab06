// SPDX-License-Identifier: BSD-2-Clause
// epoll_pwait's mask, epoll_pwait2's nanoseconds, time-outs and maxevents.
#include "../test.h"

#include <sys/epoll.h>
static void handler(int number) {
    (void)number;
}
static void test(void) {
    int ends[6][2], poller = epoll_create1(0);
    struct epoll_event event = {EPOLLIN, {0}}, got[8];
    sigset_t none = set_of(0);
    handle(SIGUSR1, handler, 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    FAILS(epoll_pwait(poller, got, 8, 5000, &none), EINTR);
    int64_t start = now_ms();
    IS(epoll_wait(poller, got, 8, 40), 0);
    CHECK(now_ms() - start >= 39);
    struct timespec limit = {0, 5000000}, bad = {0, 1000000000};
    IS(syscall(SYS_epoll_pwait2, poller, got, 8, &limit, NULL, 8), 0);
    FAILS(syscall(SYS_epoll_pwait2, poller, got, 8, &bad, NULL, 8), EINVAL);
    for (int i = 0; i < 6; i++) {
        pipe(ends[i]);
        event.data.fd = i;
        epoll_ctl(poller, EPOLL_CTL_ADD, ends[i][0], &event);
        write(ends[i][1], "x", 1);
    }
    int seen = 0;
    for (int round = 0; round < 3; round++) {
        IS(epoll_wait(poller, got, 2, 0), 2);
        seen |= 1 << got[0].data.fd | 1 << got[1].data.fd;
    }
    IS(seen, 63);
    IS(epoll_wait(poller, got, 8, 0), 6);
}
