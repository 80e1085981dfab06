// SPDX-License-Identifier: BSD-2-Clause
// WCOREDUMP is not set when the core limit is nought; status carries the signal.
#include "../test.h"

static void test(void) {
    int status;
    struct rlimit limit = {0, 0};
    setrlimit(RLIMIT_CORE, &limit);
    pid_t pid = CHILD({ abort(); });
    waitpid(pid, &status, 0);
    IS(WTERMSIG(status), SIGABRT);
    IS(!!WCOREDUMP(status), 0);
    pid = CHILD({ raise(SIGQUIT); });
    waitpid(pid, &status, 0);
    IS(status, SIGQUIT);
}
