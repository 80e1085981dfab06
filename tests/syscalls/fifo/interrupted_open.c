// SPDX-License-Identifier: BSD-2-Clause
// A signal ends the waiting open of a FIFO with EINTR.
#include "../test.h"

static void handler(int number) {
    (void)number;
}
static void test(void) {
    mkfifo("p", 0600);
    handle(SIGUSR1, handler, 0);
    pid_t parent = getpid();
    pid_t pid = CHILD({ wait_asleep(parent); sleep_ms(20); kill(parent, SIGUSR1); });
    FAILS(open("p", O_RDONLY), EINTR);
    EXITS(pid, 0);
    pid = CHILD({ wait_asleep(parent); sleep_ms(20); kill(parent, SIGUSR1); });
    FAILS(open("p", O_WRONLY), EINTR);
    EXITS(pid, 0);
}
