// SPDX-License-Identifier: BSD-2-Clause
// mlock, mlock2, mlockall and munlock, with the limit for a user. Needs root.
#include "../test.h"

static void test(void) {
    unsigned char there[2];
    char *at = map_pages(2);
    IS(mlock(at, 2 * PAGE), 0);
    IS(mincore(at, 2 * PAGE, there), 0);
    IS((there[0] & 1) + (there[1] & 1), 2);
    IS(munlock(at, 2 * PAGE), 0);
    IS(mlock(at + 5, 10), 0);
    IS(munmap(at + PAGE, PAGE), 0);
    FAILS(mlock(at, 2 * PAGE), ENOMEM);
    IS(syscall(SYS_mlock2, at, PAGE, 1), 0);
    FAILS(syscall(SYS_mlock2, at, PAGE, 2), EINVAL);
    IS(munlockall(), 0);
    FAILS(mlockall(0), EINVAL);
    FAILS(mlockall(64), EINVAL);
    EXITS(CHILD({
        struct rlimit limit = {0, 0};
        setrlimit(RLIMIT_MEMLOCK, &limit);
        setresuid(1000, 1000, 1000);
        FAILS(mlock(at, PAGE), EPERM);
    }), 0);
    EXITS(CHILD({
        struct rlimit limit = {PAGE, PAGE};
        setrlimit(RLIMIT_MEMLOCK, &limit);
        setresuid(1000, 1000, 1000);
        char *more = map_pages(4);
        IS(mlock(more, PAGE), 0);
        FAILS(mlock(more, 2 * PAGE), ENOMEM);
        FAILS(mlockall(MCL_CURRENT), ENOMEM);
    }), 0);
}
