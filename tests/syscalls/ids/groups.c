// SPDX-License-Identifier: BSD-2-Clause
// setgroups and getgroups: contents, sizes, permission. Needs root.
#include "../test.h"

static void test(void) {
    EXITS(CHILD({
        gid_t groups[4] = {30, 10, 20, 10};
        gid_t got[8];
        IS(syscall(SYS_setgroups, 4, groups), 0);
        IS(getgroups(0, NULL), 4);
        IS(getgroups(8, got), 4);
        IS(got[0] + got[1] + got[2] + got[3], 70);
        IS(got[0], 10);
        FAILS(getgroups(3, got), EINVAL);
        FAILS(getgroups(-1, got), EINVAL);
        FAILS(syscall(SYS_setgroups, 65537, groups), EINVAL);
        FAILS(syscall(SYS_setgroups, 4, BAD_POINTER), EFAULT);
        EXITS(CHILD({ IS(getgroups(0, NULL), 4); }), 0);
        setresuid(1000, 1000, 1000);
        FAILS(syscall(SYS_setgroups, 0, NULL), EPERM);
        IS(getgroups(0, NULL), 4);
    }), 0);
}
