// SPDX-License-Identifier: BSD-2-Clause
// setpgid and setsid: who may, and what the queries say.
#include "../test.h"

static void test(void) {
    EXITS(CHILD({
        FAILS(setpgid(0, 999999), EPERM);
        FAILS(setpgid(0, -1), EINVAL);
        FAILS(setpgid(999999, 0), ESRCH);
        IS(setpgid(0, 0), 0);
        CHECK(getpgrp() == getpid());
        FAILS(setsid(), EPERM);
        pid_t child = CHILD({ pause(); });
        IS(setpgid(child, child), 0);
        CHECK(getpgid(child) == child);
        IS(setpgid(child, getpid()), 0);
        CHECK(getpgid(child) == getpid());
        kill(child, SIGKILL);
        DIES(child, SIGKILL);
        EXITS(CHILD({
            CHECK(setsid() == getpid());
            CHECK(getpgrp() == getpid());
            CHECK(getsid(0) == getpid());
            FAILS(setpgid(0, 0), EPERM);
            FAILS(setpgid(getppid(), 0), ESRCH);
        }), 0);
    }), 0);
    FAILS(getpgid(999999), ESRCH);
    FAILS(getsid(999999), ESRCH);
    FAILS(getpgid(-5), ESRCH);
}
