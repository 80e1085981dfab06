// SPDX-License-Identifier: BSD-2-Clause
// clone3: exit signal, tids, refusals of sizes and flags.
#include "../test.h"

#include <linux/sched.h>
static long clone3(struct clone_args *arguments, size_t size) {
    long pid = syscall(SYS_clone3, arguments, size);
    if (pid == 0)
        _exit(9);
    return pid;
}
static volatile int got;
static void on_signal(int number) {
    got = number;
}
static void test(void) {
    pid_t tid = 0;
    struct clone_args arguments = {.exit_signal = SIGCHLD};
    EXITS(SUCCEEDS(clone3(&arguments, sizeof arguments)), 9);
    EXITS(SUCCEEDS(clone3(&arguments, 64)), 9);
    FAILS(clone3(&arguments, 63), EINVAL);
    FAILS(clone3(&arguments, PAGE + 1), E2BIG);
    arguments.flags = CLONE_PARENT_SETTID;
    arguments.parent_tid = (uintptr_t)&tid;
    long pid = SUCCEEDS(clone3(&arguments, sizeof arguments));
    CHECK(pid == tid);
    EXITS(pid, 9);
    handle(SIGUSR1, on_signal, 0);
    arguments = (struct clone_args){.exit_signal = SIGUSR1};
    pid = SUCCEEDS(clone3(&arguments, sizeof arguments));
    while (!got)
        sleep_ms(1);
    IS(got, SIGUSR1);
    IS(waitpid(pid, NULL, __WALL) == pid, 1);
    arguments.exit_signal = 65;
    FAILS(clone3(&arguments, sizeof arguments), EINVAL);
    arguments = (struct clone_args){.flags = CLONE_DETACHED, .exit_signal = SIGCHLD};
    FAILS(clone3(&arguments, sizeof arguments), EINVAL);
    arguments = (struct clone_args){.flags = CLONE_THREAD, .exit_signal = SIGCHLD};
    FAILS(clone3(&arguments, sizeof arguments), EINVAL);
    arguments = (struct clone_args){.exit_signal = SIGCHLD, .stack = 4096};
    FAILS(clone3(&arguments, sizeof arguments), EINVAL);
    FAILS(clone3(BAD_POINTER, sizeof arguments), EFAULT);
}
