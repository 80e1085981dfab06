// SPDX-License-Identifier: BSD-2-Clause
// pselect6 puts the mask on for the wait and does not write the mask back.
#include "../test.h"

#include <sys/select.h>
static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    sigset_t none = set_of(0), now;
    struct {
        sigset_t *set;
        size_t size;
    } mask = {&none, 8};
    struct timespec limit = {10, 0};
    handle(SIGUSR1, handler, 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    FAILS(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &limit, &mask), EINTR);
    IS(count, 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    IS(sigismember(&now, SIGUSR1), 1);
    mask.size = 4;
    FAILS(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &limit, &mask), EINVAL);
    limit = (struct timespec){0, 1};
    IS(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &limit, NULL), 0);
}
