// SPDX-License-Identifier: BSD-2-Clause
// VMIN and VTIME: the four cases of non-canonical reads.
#include "../test.h"

#include "../pty.h"
static void mode_of(struct pair *pair, int min, int time) {
    struct termios mode;
    tcgetattr(pair->terminal, &mode);
    mode.c_lflag &= ~(ICANON | ECHO);
    mode.c_cc[VMIN] = min;
    mode.c_cc[VTIME] = time;
    tcsetattr(pair->terminal, TCSANOW, &mode);
}
static void test(void) {
    struct pair pair = open_pair();
    char buffer[16];
    mode_of(&pair, 0, 0);
    IS(read(pair.terminal, buffer, 16), 0);
    type(&pair, "ab");
    IS(read(pair.terminal, buffer, 16), 2);
    mode_of(&pair, 0, 1);
    int64_t start = now_ms();
    IS(read(pair.terminal, buffer, 16), 0);
    CHECK(now_ms() - start >= 90);
    mode_of(&pair, 3, 0);
    pid_t pid = CHILD({ type(&pair, "a"); sleep_ms(30); type(&pair, "bcd"); });
    ssize_t n = read(pair.terminal, buffer, 16);
    CHECK(n >= 3);
    EXITS(pid, 0);
    mode_of(&pair, 5, 1);
    tcflush(pair.terminal, TCIFLUSH);
    type(&pair, "ab");
    IS(read(pair.terminal, buffer, 16), 2);
}
