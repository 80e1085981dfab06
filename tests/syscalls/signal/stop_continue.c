// SPDX-License-Identifier: BSD-2-Clause
// SIGCONT discards pending stops and the reverse; it continues even when blocked.
#include "../test.h"

static void test(void) {
    sigset_t set;
    int status;
    block(SIGTSTP);
    block(SIGCONT);
    raise(SIGTSTP);
    sigpending(&set);
    IS(sigismember(&set, SIGTSTP), 1);
    raise(SIGCONT);
    sigpending(&set);
    IS(sigismember(&set, SIGTSTP), 0);
    IS(sigismember(&set, SIGCONT), 1);
    raise(SIGTSTP);
    sigpending(&set);
    IS(sigismember(&set, SIGCONT), 0);
    pid_t pid = CHILD({ raise(SIGSTOP); QUIT(5); });
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    CHECK(WIFSTOPPED(status));
    kill(pid, SIGCONT);
    EXITS(pid, 5);
}
