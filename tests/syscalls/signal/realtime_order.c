// SPDX-License-Identifier: BSD-2-Clause
// Real-time signals queue, in order, lowest number first; others collapse.
#include "../test.h"

static int order[32], count;
static void handler(int number, siginfo_t *info, void *context) {
    (void)context;
    order[count++] = number * 1000 + info->si_value.sival_int;
}
static void test(void) {
    int low = 40, high = 45;
    sigset_t set = set_of(low), none = set_of(0);
    sigaddset(&set, high);
    sigaddset(&set, SIGUSR1);
    sigset_t all;
    sigfillset(&all);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO, .sa_mask = all};
    sigaction(low, &action, NULL);
    sigaction(high, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 1; i <= 3; i++) {
        sigqueue(getpid(), high, (union sigval){.sival_int = i});
        sigqueue(getpid(), low, (union sigval){.sival_int = i});
        sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = i});
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    IS(count, 7);
    int expected[] = {10001, 40001, 40002, 40003, 45001, 45002, 45003};
    // Handlers are pushed one on the other only when the mask allows; here each runs to its end.
    for (int i = 0; i < 7; i++)
        IS(order[i], expected[i]);
}
