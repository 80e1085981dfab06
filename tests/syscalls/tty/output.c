// SPDX-License-Identifier: BSD-2-Clause
// Output processing: ONLCR, OCRNL, tabs, and none with OPOST off.
#include "../test.h"

#include "../pty.h"
static void with(struct pair *pair, int flags, const char *text, const char *want) {
    struct termios mode;
    tcgetattr(pair->terminal, &mode);
    mode.c_oflag = flags;
    tcsetattr(pair->terminal, TCSANOW, &mode);
    write(pair->terminal, text, strlen(text));
    TEXT(drain(pair), want);
}
static void test(void) {
    struct pair pair = open_pair();
    with(&pair, OPOST | ONLCR, "a\nb", "a\\r\\nb");
    with(&pair, OPOST | OCRNL, "a\rb", "a\\nb");
    with(&pair, 0, "a\nb\r", "a\\nb\\r");
    with(&pair, OPOST | ONLRET | ONLCR, "x\n", "x\\r\\n");
    with(&pair, OPOST, "a\nb", "a\\nb");
}
