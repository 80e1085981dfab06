// SPDX-License-Identifier: BSD-2-Clause
// Input processing: ICRNL, INLCR, IGNCR, ISTRIP.
#include "../test.h"

#include "../pty.h"
static void with(struct pair *pair, int flags, const char *keys, const char *want) {
    struct termios mode;
    char buffer[32] = "";
    tcgetattr(pair->terminal, &mode);
    mode.c_iflag = flags;
    mode.c_lflag = 0;
    tcsetattr(pair->terminal, TCSANOW, &mode);
    type(pair, keys);
    read(pair->terminal, buffer, sizeof buffer - 1);
    TEXT(escape(buffer), want);
}
static void test(void) {
    struct pair pair = open_pair();
    with(&pair, ICRNL, "a\r\n", "a\\n\\n");
    with(&pair, INLCR, "a\r\n", "a\\r\\r");
    with(&pair, IGNCR, "a\r\nb", "a\\nb");
    with(&pair, 0, "a\r\n", "a\\r\\n");
    with(&pair, ISTRIP, "\341\342", "ab");
}
