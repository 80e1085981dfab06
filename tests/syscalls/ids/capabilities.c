// SPDX-License-Identifier: BSD-2-Clause
// capget and the bounding set; giving up ids gives up capabilities. Needs root.
#include "../test.h"

#include <linux/capability.h>
#include <sys/prctl.h>
static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static struct __user_cap_data_struct data[2];
static int effective(int capability) {
    header.pid = 0;
    syscall(SYS_capget, &header, data);
    return data[capability / 32].effective >> capability % 32 & 1;
}
static void test(void) {
    IS(effective(CAP_CHOWN), 1);
    IS(effective(CAP_SYS_ADMIN), 1);
    header.version = 1234;
    FAILS(syscall(SYS_capget, &header, data), EINVAL);
    IS(header.version, _LINUX_CAPABILITY_VERSION_3);
    header.pid = -1;
    FAILS(syscall(SYS_capget, &header, data), EINVAL);
    header.pid = 99999999;
    FAILS(syscall(SYS_capget, &header, data), ESRCH);
    IS(prctl(PR_CAPBSET_READ, CAP_CHOWN), 1);
    FAILS(prctl(PR_CAPBSET_READ, 99), EINVAL);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        IS(effective(CAP_CHOWN), 0);
        FAILS(prctl(PR_CAPBSET_DROP, CAP_CHOWN), EPERM);
    }), 0);
    EXITS(CHILD({
        setresuid(0, 1000, 0);
        IS(effective(CAP_CHOWN), 0);
        setresuid(0, 0, 0);
        IS(effective(CAP_CHOWN), 1);
    }), 0);
    EXITS(CHILD({
        IS(prctl(PR_SET_KEEPCAPS, 1), 0);
        setresuid(1000, 1000, 1000);
        IS(effective(CAP_CHOWN), 0);
        IS(data[0].permitted >> CAP_CHOWN & 1, 1);
        IS(prctl(PR_CAPBSET_READ, CAP_CHOWN), 1);
    }), 0);
}
