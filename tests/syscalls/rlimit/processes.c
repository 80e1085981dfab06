// SPDX-License-Identifier: BSD-2-Clause
// RLIMIT_NPROC: EAGAIN for a user at the limit. Needs root.
#include "../test.h"

static void test(void) {
    EXITS(CHILD({
        struct rlimit limit = {3, 3};
        setrlimit(RLIMIT_NPROC, &limit);
        setresuid(5432, 5432, 5432);
        pid_t a = CHILD({ pause(); });
        pid_t b = CHILD({ pause(); });
        FAILS(fork(), EAGAIN);
        FAILS(syscall(SYS_clone, SIGCHLD, 0L, NULL, NULL, 0L), EAGAIN);
        kill(a, SIGKILL);
        DIES(a, SIGKILL);
        a = fork();
        if (a == 0)
            _exit(0);
        CHECK(a > 0);
        EXITS(a, 0);
        kill(b, SIGKILL);
        DIES(b, SIGKILL);
    }), 0);
}
