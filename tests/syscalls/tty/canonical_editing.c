// SPDX-License-Identifier: BSD-2-Clause
// Canonical input: erase, word erase, kill, literal next; nothing before the line ends.
#include "../test.h"

#include "../pty.h"
static char line[64];
static const char *typed(struct pair *pair, const char *keys) {
    type(pair, keys);
    memset(line, 0, sizeof line);
    if (read(pair->terminal, line, sizeof line - 1) < 0)
        strcpy(line, "(error)");
    drain(pair);
    return line;
}
static void test(void) {
    struct pair pair = open_pair();
    fcntl(pair.terminal, F_SETFL, O_NONBLOCK);
    TEXT(typed(&pair, "hello\n"), "hello\n");
    TEXT(typed(&pair, "helxx\177\177lo\n"), "hello\n");
    TEXT(typed(&pair, "\177\177a\n"), "a\n");
    TEXT(typed(&pair, "one two\027six\n"), "one six\n");
    TEXT(typed(&pair, "garbage\025new\n"), "new\n");
    TEXT(typed(&pair, "a\026\177b\n"), "a\177b\n");
    TEXT(typed(&pair, "return\r"), "return\n");
    TEXT(typed(&pair, "one\ntwo\n"), "one\n");
    TEXT(typed(&pair, ""), "two\n");
    TEXT(typed(&pair, "unfinished"), "(error)");
    TEXT(typed(&pair, " now\n"), "unfinished now\n");
}
