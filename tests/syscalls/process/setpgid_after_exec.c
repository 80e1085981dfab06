// SPDX-License-Identifier: BSD-2-Clause
// A parent may not move a child that has executed.
#include "../test.h"

int reexec(int argc, char **argv) {
    char byte;
    write(1, argv[1], argc - 2);
    write(atoi(argv[1]), "x", 1);
    return read(atoi(argv[2]), &byte, 1);
}
static void test(void) {
    int up[2], down[2];
    char a[8], b[8], byte;
    pipe(up);
    pipe(down);
    snprintf(a, sizeof a, "%d", up[1]);
    snprintf(b, sizeof b, "%d", down[0]);
    pid_t pid = CHILD({
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        close(down[1]);
        execl(test_argv[0], test_argv[0], a, b, NULL);
    });
    IS(read(up[0], &byte, 1), 1);
    FAILS(setpgid(pid, pid), EACCES);
    close(down[0]);
    close(down[1]);
    EXITS(pid, 0);
}
