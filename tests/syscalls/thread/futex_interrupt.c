// SPDX-License-Identifier: BSD-2-Clause
// A signal ends a futex wait with EINTR; with a time-out and SA_RESTART too.
#include "../test.h"

#include <linux/futex.h>
static void handler(int number) {
    (void)number;
}
static pid_t interrupt_me(void) {
    pid_t parent = getpid();
    return CHILD({ wait_asleep(parent); sleep_ms(20); kill(parent, SIGUSR1); });
}
static void test(void) {
    int word = 0;
    struct timespec limit = {10, 0};
    handle(SIGUSR1, handler, 0);
    pid_t pid = interrupt_me();
    FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EINTR);
    EXITS(pid, 0);
    pid = interrupt_me();
    FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &limit, NULL, 0), EINTR);
    EXITS(pid, 0);
}
