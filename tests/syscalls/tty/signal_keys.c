// SPDX-License-Identifier: BSD-2-Clause
// ISIG: interrupt, quit and suspend keys signal the foreground group and flush.
#include "../test.h"

#include "../pty.h"
static volatile int last;
static void handler(int number) {
    last = number;
}
static void key(struct pair *pair, const char *keys) {
    last = 0;
    type(pair, keys);
    for (int i = 0; i < 2000 && !last; i++)
        sleep_ms(1);
}
static void test(void) {
    EXITS(CHILD({
        struct pair pair = open_pair();
        char buffer[16];
        setsid();
        IS(ioctl(pair.terminal, TIOCSCTTY, 0), 0);
        IS(tcgetpgrp(pair.terminal) == getpgrp(), 1);
        handle(SIGINT, handler, 0);
        handle(SIGQUIT, handler, 0);
        handle(SIGTSTP, handler, 0);
        type(&pair, "abc");
        TEXT(drain(&pair), "abc");
        key(&pair, "\003");
        IS(last, SIGINT);
        TEXT(drain(&pair), "^C");
        fcntl(pair.terminal, F_SETFL, O_NONBLOCK);
        FAILS(read(pair.terminal, buffer, 16), EAGAIN);
        key(&pair, "\034");
        IS(last, SIGQUIT);
        key(&pair, "\032");
        IS(last, SIGTSTP);
        struct termios mode;
        tcgetattr(pair.terminal, &mode);
        mode.c_lflag &= ~ISIG;
        tcsetattr(pair.terminal, TCSANOW, &mode);
        last = 0;
        type(&pair, "\003\n");
        IS(read(pair.terminal, buffer, 16), 2);
        IS(last, 0);
    }), 0);
}
