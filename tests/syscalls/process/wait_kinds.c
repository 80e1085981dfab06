// SPDX-License-Identifier: BSD-2-Clause
// waitpid: any, by group, by pid, WNOHANG, nobody, bad options.
#include "../test.h"

static void test(void) {
    int status;
    FAILS(waitpid(-1, &status, 0), ECHILD);
    FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
    pid_t a = CHILD({ setpgid(0, 0); pause(); });
    setpgid(a, a);
    pid_t b = CHILD({ _exit(2); });
    CHECK(waitpid(0, &status, 0) == b);
    IS(WEXITSTATUS(status), 2);
    FAILS(waitpid(0, &status, 0), ECHILD);
    IS(waitpid(-a, &status, WNOHANG), 0);
    IS(waitpid(a, &status, WNOHANG), 0);
    FAILS(waitpid(b, &status, 0), ECHILD);
    FAILS(waitpid(1, &status, 0), ECHILD);
    kill(a, SIGKILL);
    CHECK(waitpid(-a, &status, 0) == a);
    IS(status, SIGKILL);
    FAILS(waitpid(-1, &status, 0x100), EINVAL);
    b = CHILD({ _exit(0); });
    CHECK(wait4(-1, NULL, 0, NULL) == b);
    FAILS(syscall(SYS_wait4, (long)INT_MIN, NULL, 0, NULL), ESRCH);
}
