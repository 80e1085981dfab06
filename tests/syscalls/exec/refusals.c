// SPDX-License-Identifier: BSD-2-Clause
// exec of what is missing, a directory, not executable, empty, garbage.
#include "../test.h"

static void try(const char *path, int error) {
    char *arguments[] = {(char *)path, NULL};
    FAILS(execv(path, arguments), error);
}
static void test(void) {
    close(make_file("text", "hello\n"));
    chmod("text", 0755);
    touch("empty");
    chmod("empty", 0755);
    close(make_file("plain", "#!/bin/sh\n"));
    mkdir("d", 0755);
    symlink("loop", "loop");
    try("none", ENOENT);
    try("", ENOENT);
    try("d", EACCES);
    try("plain", EACCES);
    try("text", ENOEXEC);
    try("empty", ENOEXEC);
    try("text/x", ENOTDIR);
    try("loop", ELOOP);
    try("/dev/null", EACCES);
    char *self[] = {test_argv[0], NULL};
    FAILS(syscall(SYS_execve, BAD_POINTER, self, NULL), EFAULT);
    FAILS(syscall(SYS_execve, test_argv[0], BAD_POINTER, NULL), EFAULT);
    char *bad[] = {"x", (char *)16, NULL};
    FAILS(syscall(SYS_execve, test_argv[0], bad, NULL), EFAULT);
    FAILS(syscall(SYS_execve, test_argv[0], self, bad), EFAULT);
}
