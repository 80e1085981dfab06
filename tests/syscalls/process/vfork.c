// SPDX-License-Identifier: BSD-2-Clause
// vfork holds the parent until the child has ended or executed, in one memory.
#include "../test.h"

int reexec(int argc, char **argv) {
    return argc + atoi(argv[1]);
}
static void test(void) {
    static volatile int shared;
    int64_t start = now_ms();
    pid_t pid = vfork();
    if (pid == 0) {
        shared = 5;
        sleep_ms(50);
        _exit(3);
    }
    CHECK(now_ms() - start >= 50);
    IS(shared, 5);
    EXITS(pid, 3);
    char *arguments[] = {test_argv[0], "40", NULL};
    pid = vfork();
    if (pid == 0) {
        execv(test_argv[0], arguments);
        _exit(1);
    }
    EXITS(pid, 42);
}
