// SPDX-License-Identifier: BSD-2-Clause
// What survives exec and what is reset.
#include "../test.h"

static void handler(int number) {
    (void)number;
}
int reexec(int argc, char **argv) {
    struct sigaction action;
    sigset_t set;
    (void)argc;
    CHECK(getpid() == atoi(argv[1]));
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL);
    sigaction(SIGUSR2, NULL, &action);
    CHECK(action.sa_handler == SIG_IGN);
    sigprocmask(SIG_BLOCK, NULL, &set);
    IS(sigismember(&set, SIGTERM), 1);
    sigpending(&set);
    IS(sigismember(&set, SIGTERM), 1);
    IS(fcntl(20, F_GETFD), 0);
    FAILS(fcntl(21, F_GETFD), EBADF);
    IS(umask(0), 012);
    CHECK(alarm(0) > 0);
    stack_t stack;
    sigaltstack(NULL, &stack);
    IS(stack.ss_flags, SS_DISABLE);
    return test_failures;
}
static void test(void) {
    static char stack[SIGSTKSZ * 4];
    EXITS(CHILD({
        char pid[16];
        stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
        sigaltstack(&alternate, NULL);
        snprintf(pid, sizeof pid, "%d", getpid());
        handle(SIGUSR1, handler, 0);
        handle(SIGUSR2, SIG_IGN, 0);
        block(SIGTERM);
        raise(SIGTERM);
        dup2(0, 20);
        dup3(0, 21, O_CLOEXEC);
        umask(012);
        alarm(100);
        execl(test_argv[0], "self", pid, NULL);
    }), 0);
}
