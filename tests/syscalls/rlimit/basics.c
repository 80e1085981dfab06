// SPDX-License-Identifier: BSD-2-Clause
// getrlimit, setrlimit, prlimit: values, soft above hard, raising without privilege. Needs root.
#include "../test.h"

static void test(void) {
    struct rlimit limit, old;
    limit = (struct rlimit){50, 100};
    IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    IS(getrlimit(RLIMIT_NOFILE, &old), 0);
    IS(old.rlim_cur, 50);
    IS(old.rlim_max, 100);
    limit.rlim_cur = 101;
    FAILS(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
    FAILS(syscall(SYS_getrlimit, 99, &limit), EINVAL);
    FAILS(syscall(SYS_getrlimit, RLIMIT_NOFILE, BAD_POINTER), EFAULT);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        limit = (struct rlimit){100, 100};
        IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
        limit = (struct rlimit){100, 101};
        FAILS(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
        limit = (struct rlimit){10, 20};
        IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    }), 0);
    pid_t pid = CHILD({ pause(); });
    limit = (struct rlimit){33, 44};
    IS(prlimit(pid, RLIMIT_NOFILE, &limit, &old), 0);
    IS(old.rlim_cur, 50);
    IS(prlimit(pid, RLIMIT_NOFILE, NULL, &old), 0);
    IS(old.rlim_cur, 33);
    kill(pid, SIGKILL);
    DIES(pid, SIGKILL);
    FAILS(prlimit(99999999, RLIMIT_NOFILE, NULL, &old), ESRCH);
    IS(setrlimit(RLIMIT_CORE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), 0);
}
