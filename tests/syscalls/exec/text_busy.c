// SPDX-License-Identifier: BSD-2-Clause
// A running program cannot be opened for writing; a file open for writing cannot run.
#include "../test.h"

int reexec(int argc, char **argv) {
    char byte;
    write(atoi(argv[1]), "x", 1);
    return read(atoi(argv[2]), &byte, 1) + argc;
}
static void copy_self(void) {
    static char image[1 << 20];
    int from = open(test_argv[0], O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0755);
    write(to, image, read(from, image, sizeof image));
    close(from);
    close(to);
}
static void test(void) {
    int up[2], down[2];
    char a[8], b[8], byte, *arguments[] = {"copy", a, b, NULL};
    pipe(up);
    pipe(down);
    snprintf(a, sizeof a, "%d", up[1]);
    snprintf(b, sizeof b, "%d", down[0]);
    copy_self();
    int fd = open("copy", O_RDWR);
    FAILS(execv("copy", arguments), ETXTBSY);
    close(fd);
    pid_t pid = CHILD({ close(down[1]); execv("copy", arguments); });
    IS(read(up[0], &byte, 1), 1);
    FAILS(open("copy", O_RDWR), ETXTBSY);
    FAILS(truncate("copy", 0), ETXTBSY);
    SUCCEEDS(open("copy", O_RDONLY));
    IS(unlink("copy"), 0);
    close(down[1]);
    EXITS(pid, 3);
}
