// SPDX-License-Identifier: BSD-2-Clause
// The window size is set from either side and SIGWINCH sent on change.
#include "../test.h"

#include "../pty.h"
static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    EXITS(CHILD({
        struct pair pair = open_pair();
        struct winsize size;
        setsid();
        ioctl(pair.terminal, TIOCSCTTY, 0);
        handle(SIGWINCH, handler, 0);
        IS(ioctl(pair.terminal, TIOCGWINSZ, &size), 0);
        IS(size.ws_row + size.ws_col, 0);
        size = (struct winsize){24, 80, 1, 2};
        IS(ioctl(pair.master, TIOCSWINSZ, &size), 0);
        for (int i = 0; i < 2000 && !count; i++)
            sleep_ms(1);
        IS(count, 1);
        memset(&size, 0, sizeof size);
        IS(ioctl(pair.terminal, TIOCGWINSZ, &size), 0);
        IS(size.ws_row, 24);
        IS(size.ws_col, 80);
        IS(size.ws_ypixel, 2);
        IS(ioctl(pair.master, TIOCSWINSZ, &size), 0);
        sleep_ms(20);
        IS(count, 1);
    }), 0);
}
