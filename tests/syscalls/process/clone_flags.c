// SPDX-License-Identifier: BSD-2-Clause
// clone: sharing of memory, descriptors, directory and handlers, each alone.
#include "../test.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int memory;
static int change(void *unused) {
    (void)unused;
    memory = 1;
    close(3);
    chdir("/");
    signal(SIGUSR1, SIG_IGN);
    return 5;
}
static void try(const char *name, int flags) {
    char here[PATH_MAX];
    memory = 0;
    dup2(0, 3);
    signal(SIGUSR1, SIG_DFL);
    int home = open(".", O_RDONLY | O_CLOEXEC);
    pid_t pid = clone(change, stack + sizeof stack, flags | SIGCHLD, NULL);
    int status = test_wait(pid);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    note("%s: exit %d memory %d descriptors %d directory %d handlers %d", name,
         WEXITSTATUS(status), memory, fcntl(3, F_GETFD) == -1,
         strcmp(getcwd(here, sizeof here), "/") == 0, action.sa_handler == SIG_IGN);
    int expected = (flags & CLONE_VM ? 1 : 0) == memory &&
                   (flags & CLONE_FILES ? -1 : 0) == fcntl(3, F_GETFD) &&
                   !(flags & CLONE_FS) == !!strcmp(here, "/") &&
                   !(flags & CLONE_SIGHAND) == (action.sa_handler != SIG_IGN);
    IS(expected, 1);
    fchdir(home);
    close(home);
}
static void test(void) {
    try("nothing", 0);
    try("VM", CLONE_VM);
    try("FILES", CLONE_FILES);
    try("FS", CLONE_FS);
    try("VM|SIGHAND", CLONE_VM | CLONE_SIGHAND);
    try("all", CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
}
