// SPDX-License-Identifier: BSD-2-Clause
// prctl: dumpable, no-new-privileges, timer slack, thp, unknown ones.
#include "../test.h"

#include <sys/prctl.h>
static void test(void) {
    IS(prctl(PR_GET_DUMPABLE), 1);
    IS(prctl(PR_SET_DUMPABLE, 0), 0);
    IS(prctl(PR_GET_DUMPABLE), 0);
    FAILS(prctl(PR_SET_DUMPABLE, 2), EINVAL);
    IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    FAILS(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
    IS(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    EXITS(CHILD({ IS(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1); }), 0);
    IS(prctl(PR_GET_TIMERSLACK), 50000);
    IS(prctl(PR_SET_TIMERSLACK, 1000), 0);
    IS(prctl(PR_GET_TIMERSLACK), 1000);
    IS(prctl(PR_SET_TIMERSLACK, 0), 0);
    IS(prctl(PR_GET_TIMERSLACK), 50000);
    IS(prctl(PR_GET_KEEPCAPS), 0);
    IS(prctl(PR_GET_TSC, &(int){0}), 0);
    FAILS(prctl(123456), EINVAL);
    IS(prctl(PR_GET_SECCOMP), 0);
}
