// SPDX-License-Identifier: BSD-2-Clause
// Echo: characters, control characters as ^X, erasing by backspaces, ECHO off.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    struct termios mode;
    type(&pair, "ab\n");
    TEXT(drain(&pair), "ab\\r\\n");
    type(&pair, "x\177y\n");
    TEXT(drain(&pair), "x\\b \\by\\r\\n");
    type(&pair, "\001\n");
    TEXT(drain(&pair), "^A\\r\\n");
    type(&pair, "abc\025");
    TEXT(drain(&pair), "abc\\b \\b\\b \\b\\b \\b");
    tcgetattr(pair.terminal, &mode);
    mode.c_lflag &= ~ECHO;
    IS(tcsetattr(pair.terminal, TCSANOW, &mode), 0);
    type(&pair, "secret\n");
    TEXT(drain(&pair), "");
    mode.c_lflag |= ECHONL;
    tcsetattr(pair.terminal, TCSANOW, &mode);
    type(&pair, "secret\n");
    TEXT(drain(&pair), "\\r\\n");
}
