// SPDX-License-Identifier: BSD-2-Clause
// The settings of a fresh terminal, and that they are kept exactly.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    struct termios mode, again;
    IS(tcgetattr(pair.terminal, &mode), 0);
    IS(mode.c_iflag, ICRNL | IXON);
    IS(mode.c_oflag, OPOST | ONLCR);
    IS(mode.c_cflag, B38400 | CS8 | CREAD);
    IS(mode.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
    int wanted[] = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0};
    for (int i = 0; i < 17; i++)
        IS(mode.c_cc[i], wanted[i]);
    mode.c_lflag &= ~(ECHO | ICANON);
    mode.c_cc[VINTR] = 1;
    IS(tcsetattr(pair.terminal, TCSADRAIN, &mode), 0);
    IS(tcgetattr(pair.terminal, &again), 0);
    IS(again.c_lflag, ISIG | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN);
    IS(again.c_cc[VINTR], 1);
    IS(tcgetattr(pair.master, &again), 0);
    IS(again.c_cc[VINTR], 1);
    FAILS(ioctl(pair.terminal, TCSETS, BAD_POINTER), EFAULT);
    FAILS(ioctl(pair.terminal, 0x54ff, &again), ENOTTY);
}
