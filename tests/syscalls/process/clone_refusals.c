// SPDX-License-Identifier: BSD-2-Clause
// Combinations that clone refuses.
#include "../test.h"

static long try(unsigned long flags) {
    long pid = syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
    if (pid == 0)
        _exit(0);
    return pid;
}
static void test(void) {
    FAILS(try(CLONE_SIGHAND | SIGCHLD), EINVAL);
    FAILS(try(CLONE_THREAD | SIGCHLD), EINVAL);
    FAILS(try(CLONE_THREAD | CLONE_VM | SIGCHLD), EINVAL);
    FAILS(try(CLONE_NEWNS | CLONE_FS | SIGCHLD), EINVAL);
    FAILS(try(CLONE_PARENT_SETTID | CLONE_PIDFD | SIGCHLD), EINVAL);
    pid_t pid = SUCCEEDS(try(SIGCHLD));
    EXITS(pid, 0);
    pid = SUCCEEDS(try(0));
    FAILS(waitpid(pid, NULL, 0), ECHILD);
    IS(waitpid(pid, NULL, __WALL) == pid, 1);
    pid = SUCCEEDS(try(SIGUSR1 * 0));
    IS(waitpid(pid, NULL, __WCLONE) == pid, 1);
}
