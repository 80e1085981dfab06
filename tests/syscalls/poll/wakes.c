// SPDX-License-Identifier: BSD-2-Clause
// A sleeping poll is woken by data, by room, and by the other end going away.
#include "../test.h"

static void test(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t parent = getpid();
    pid_t pid = CHILD({
        wait_asleep(parent);
        write(ends[1], "x", 1);
        close(ends[1]);
        read(ends[0], &byte, 0);
        sleep_ms(30);
    });
    close(ends[1]);
    struct pollfd one = {ends[0], POLLIN, 0};
    IS(poll(&one, 1, 10000), 1);
    CHECK(one.revents & POLLIN);
    IS(read(ends[0], &byte, 1), 1);
    one.events = 0;
    IS(poll(&one, 1, 10000), 1);
    IS(one.revents, POLLHUP);
    EXITS(pid, 0);
}
