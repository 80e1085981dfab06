// SPDX-License-Identifier: BSD-2-Clause
// ppoll: the mask during the wait, the time left written back, refusals.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    struct timespec limit = {0, 20000000}, bad = {0, -1};
    sigset_t none = set_of(0), now;
    handle(SIGUSR1, handler, 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    IS(syscall(SYS_ppoll, NULL, 0, &limit, NULL, 8), 0);
    IS(limit.tv_sec + limit.tv_nsec, 0);
    IS(count, 0);
    FAILS(syscall(SYS_ppoll, NULL, 0, NULL, &none, 8), EINTR);
    IS(count, 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    IS(sigismember(&now, SIGUSR1), 1);
    FAILS(syscall(SYS_ppoll, NULL, 0, &bad, NULL, 8), EINVAL);
    FAILS(syscall(SYS_ppoll, NULL, 0, NULL, &none, 4), EINVAL);
    int ends[2];
    pipe(ends);
    write(ends[1], "x", 1);
    raise(SIGUSR1);
    struct pollfd one = {ends[0], POLLIN, 0};
    limit = (struct timespec){5, 0};
    long result = syscall(SYS_ppoll, &one, 1, &limit, &none, 8);
    IS(result, 1);
}
