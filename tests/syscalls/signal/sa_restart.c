// SPDX-License-Identifier: BSD-2-Clause
// SA_RESTART goes on with the read; without it the read is EINTR.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static pid_t interrupt_later(int fd) {
    pid_t parent = getpid();
    return CHILD({
        wait_asleep(parent);
        sleep_ms(30);
        kill(parent, SIGUSR1);
        sleep_ms(50);
        if (fd >= 0)
            write(fd, "x", 1);
    });
}
static void test(void) {
    char byte = 0;
    int ends[2];
    pipe(ends);
    handle(SIGUSR1, handler, 0);
    pid_t pid = interrupt_later(-1);
    FAILS(read(ends[0], &byte, 1), EINTR);
    IS(count, 1);
    EXITS(pid, 0);
    handle(SIGUSR1, handler, SA_RESTART);
    pid = interrupt_later(ends[1]);
    IS(read(ends[0], &byte, 1), 1);
    IS(byte, 'x');
    IS(count, 2);
    EXITS(pid, 0);
    pid = interrupt_later(-1);
    struct pollfd poller = {ends[0], POLLIN, 0};
    FAILS(poll(&poller, 1, 5000), EINTR);
    EXITS(pid, 0);
    pid = interrupt_later(-1);
    FAILS(pause(), EINTR);
    EXITS(pid, 0);
    pid = interrupt_later(-1);
    IS(waitpid(pid, NULL, 0) == pid, 1);
    IS(count, 5);
}
