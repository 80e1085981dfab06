// SPDX-License-Identifier: BSD-2-Clause
// execveat: by descriptor, by directory, without following links.
#include "../test.h"

int reexec(int argc, char **argv) {
    (void)argv;
    return argc + 10;
}
static long at(int fd, const char *path, int flags) {
    char *arguments[] = {"x", "y", NULL};
    return syscall(SYS_execveat, fd, path, arguments, NULL, flags);
}
static void test(void) {
    symlink(test_argv[0], "link");
    int fd = open(test_argv[0], O_RDONLY | O_CLOEXEC), folder = open(".", O_RDONLY);
    EXITS(CHILD({ at(fd, "", AT_EMPTY_PATH); }), 12);
    EXITS(CHILD({ at(folder, "link", 0); }), 12);
    FAILS(at(folder, "link", AT_SYMLINK_NOFOLLOW), ELOOP);
    FAILS(at(fd, "", 0), ENOENT);
    FAILS(at(folder, "", AT_EMPTY_PATH), EACCES);
    FAILS(at(99, "x", 0), EBADF);
    FAILS(at(folder, "link", 1), EINVAL);
    int path = open(test_argv[0], O_PATH);
    EXITS(CHILD({ at(path, "", AT_EMPTY_PATH); }), 12);
}
