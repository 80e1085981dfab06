// SPDX-License-Identifier: BSD-2-Clause
// WUNTRACED and WCONTINUED report stops and continuations once.
#include "../test.h"

static void test(void) {
    int status;
    pid_t pid = CHILD({ for (;;) pause(); });
    IS(setpgid(pid, pid), 0);  // in an orphaned group SIGTSTP would not stop it
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    CHECK(WIFSTOPPED(status));
    IS(WSTOPSIG(status), SIGSTOP);
    IS(waitpid(pid, &status, WUNTRACED | WNOHANG), 0);
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &status, WCONTINUED) == pid);
    CHECK(WIFCONTINUED(status));
    IS(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
    kill(pid, SIGTSTP);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    IS(WSTOPSIG(status), SIGTSTP);
    kill(pid, SIGKILL);
    DIES(pid, SIGKILL);
}
