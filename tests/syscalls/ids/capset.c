// SPDX-License-Identifier: BSD-2-Clause
// Dropping a capability takes its power away, for good. Needs root.
#include "../test.h"

#include <linux/capability.h>
static void test(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2], full[2];
    touch("f");
    EXITS(CHILD({
        syscall(SYS_capget, &header, full);
        memcpy(data, full, sizeof data);
        data[0].effective &= ~(1U << CAP_CHOWN);
        IS(syscall(SYS_capset, &header, data), 0);
        FAILS(chown("f", 5, 5), EPERM);
        IS(syscall(SYS_capset, &header, full), 0);
        IS(chown("f", 5, 5), 0);
        data[0].permitted &= ~(1U << CAP_CHOWN);
        IS(syscall(SYS_capset, &header, data), 0);
        FAILS(syscall(SYS_capset, &header, full), EPERM);
        FAILS(chown("f", 6, 6), EPERM);
        IS(chmod("f", 0600), 0);
    }), 0);
}
