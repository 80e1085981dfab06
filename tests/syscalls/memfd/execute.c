// SPDX-License-Identifier: BSD-2-Clause
// A program in a memfd runs by its descriptor.
#include "../test.h"

int reexec(int argc, char **argv) {
    (void)argv;
    return argc + 20;
}
static void test(void) {
    static char image[1 << 20];
    int from = open(test_argv[0], O_RDONLY), fd = syscall(SYS_memfd_create, "program", 0);
    IS(write(fd, image, read(from, image, sizeof image)) > 1000, 1);
    char *arguments[] = {"x", "y", NULL};
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    EXITS(CHILD({ execve(path, arguments, NULL); }), 22);
    EXITS(CHILD({ syscall(SYS_execveat, fd, "", arguments, NULL, AT_EMPTY_PATH); }), 22);
}
