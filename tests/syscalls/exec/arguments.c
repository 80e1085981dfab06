// SPDX-License-Identifier: BSD-2-Clause
// Arguments and environment arrive whole; empty ones too.
#include "../test.h"

int reexec(int argc, char **argv) {
    extern char **environ;
    for (int i = 1; i < argc; i++)
        note("argument %d \"%s\"", i, argv[i]);
    for (char **e = environ; *e; e++)
        note("environment \"%s\"", *e);
    return 6;
}
static void test(void) {
    char *arguments[] = {"zero", "one", "", "two words", NULL};
    char *environment[] = {"A=1", "EMPTY=", "NOEQUALS", NULL};
    EXITS(CHILD({ execve(test_argv[0], arguments, environment); }), 6);
    char *none[] = {NULL};
    EXITS(CHILD({ execve(test_argv[0], arguments, none); }), 6);
    EXITS(CHILD({ syscall(SYS_execve, test_argv[0], arguments, NULL); }), 6);
}
