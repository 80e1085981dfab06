// SPDX-License-Identifier: BSD-2-Clause
// sa_mask blocks more signals during the handler; they come right after it.
#include "../test.h"

static char order[16];
static volatile int length;
static void first(int number) {
    sigset_t set;
    (void)number;
    order[length++] = '(';
    raise(SIGUSR2);
    raise(SIGURG);
    sigprocmask(SIG_BLOCK, NULL, &set);
    order[length++] = sigismember(&set, SIGUSR2) ? 'm' : '-';
    order[length++] = ')';
}
static void second(int number) {
    order[length++] = number == SIGURG ? 'u' : '2';
}
static void test(void) {
    struct sigaction action = {.sa_handler = first, .sa_mask = set_of(SIGUSR2)}, old;
    sigaction(SIGUSR1, &action, NULL);
    handle(SIGUSR2, second, 0);
    handle(SIGURG, second, 0);
    raise(SIGUSR1);
    TEXT(order, "(um)2");
    IS(sigaction(SIGUSR1, NULL, &old), 0);
    IS(sigismember(&old.sa_mask, SIGUSR2), 1);
    IS(sigismember(&old.sa_mask, SIGUSR1), 0);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    IS(sigismember(&now, SIGUSR2), 0);
}
