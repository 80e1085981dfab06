// SPDX-License-Identifier: BSD-2-Clause
// The leader's end: SIGHUP to the foreground group, no more /dev/tty, the pair lives on.
#include "../test.h"

#include "../pty.h"
static volatile int hangups;
static void handler(int number) {
    hangups += number == SIGHUP;
}
static void test(void) {
    struct pair pair = open_pair();
    int *result = map_shared(1), ready[2];
    char byte;
    pipe(ready);
    pid_t leader = CHILD({
        setsid();
        ioctl(pair.terminal, TIOCSCTTY, 0);
        CHILD({
            handle(SIGHUP, handler, 0);
            write(ready[1], "r", 1);
            for (int i = 0; i < 3000 && !hangups; i++)
                sleep_ms(1);
            int again = 0;  // the signal may come a moment before the terminal is taken away
            for (int i = 0; i < 3000 && (again = open("/dev/tty", O_RDWR)) >= 0; i++) {
                close(again);
                sleep_ms(1);
            }
            *result = hangups * 10 + (again < 0 && errno == ENXIO);
            write(ready[1], "d", 1);
        });
        read(ready[0], &byte, 1);
    });
    EXITS(leader, 0);
    IS(read(ready[0], &byte, 1), 1);
    IS(*result, 11);
    IS(write(pair.terminal, "x", 1), 1);
}
