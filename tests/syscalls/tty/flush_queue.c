// SPDX-License-Identifier: BSD-2-Clause
// tcflush, FIONREAD, TIOCOUTQ, and TCSAFLUSH drops what was typed.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    struct termios mode;
    int count;
    char buffer[16];
    fcntl(pair.terminal, F_SETFL, O_NONBLOCK);
    type(&pair, "line\nmore");
    IS(ioctl(pair.terminal, FIONREAD, &count), 0);
    IS(count, 5);
    IS(tcflush(pair.terminal, TCIFLUSH), 0);
    FAILS(read(pair.terminal, buffer, 16), EAGAIN);
    type(&pair, "typed\n");
    tcgetattr(pair.terminal, &mode);
    IS(tcsetattr(pair.terminal, TCSAFLUSH, &mode), 0);
    FAILS(read(pair.terminal, buffer, 16), EAGAIN);
    drain(&pair);
    IS(write(pair.terminal, "12345", 5), 5);
    sleep_ms(20);
    IS(ioctl(pair.master, FIONREAD, &count), 0);
    IS(count, 5);
    FAILS(ioctl(pair.terminal, TCFLSH, 77), EINVAL);
}
