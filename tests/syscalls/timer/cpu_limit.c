// SPDX-License-Identifier: BSD-2-Clause
// RLIMIT_CPU: SIGXCPU at the soft limit, SIGKILL at the hard one.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    pid_t pid = CHILD({
        struct rlimit limit = {1, 2};
        alarm(0);
        handle(SIGXCPU, handler, 0);
        IS(setrlimit(RLIMIT_CPU, &limit), 0);
        while (!count) {
        }
        IS(count > 0, 1);
        for (;;) {
        }
    });
    DIES(pid, SIGKILL);
}
