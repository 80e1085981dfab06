// SPDX-License-Identifier: BSD-2-Clause
// A write cut by a signal tells how much went through.
#include "../test.h"

static void handler(int number) {
    (void)number;
}
static void test(void) {
    int ends[2];
    static char data[100000];
    pipe(ends);
    handle(SIGUSR1, handler, 0);
    pid_t parent = getpid();
    pid_t pid = CHILD({ wait_asleep(parent); sleep_ms(30); kill(parent, SIGUSR1); });
    IS(write(ends[1], data, sizeof data), 65536);
    EXITS(pid, 0);
    pid = CHILD({ wait_asleep(parent); sleep_ms(30); kill(parent, SIGUSR1); });
    FAILS(write(ends[1], data, sizeof data), EINTR);
    EXITS(pid, 0);
}
