// SPDX-License-Identifier: BSD-2-Clause
// One string of 128 KiB and a quarter of the stack limit are the bounds: E2BIG.
#include "../test.h"

int reexec(int argc, char **argv) {
    return strlen(argv[1]) > 100000 || argc > 1000 ? 8 : 9;
}
static void test(void) {
    static char text[131073];
    memset(text, 'a', sizeof text - 1);
    char *arguments[] = {"x", text, NULL};
    FAILS(execv(test_argv[0], arguments), E2BIG);
    text[131071] = 0;
    EXITS(CHILD({ execv(test_argv[0], arguments); }), 8);
    static char *many[100];
    many[0] = "x";
    for (int i = 1; i < 99; i++)
        many[i] = text;
    FAILS(execv(test_argv[0], many), E2BIG);
    static char *small[50002];
    for (int i = 0; i < 50000; i++)
        small[i] = "abc";
    EXITS(CHILD({ execv(test_argv[0], small); }), 8);
}
