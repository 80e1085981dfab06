// SPDX-License-Identifier: BSD-2-Clause
// /proc/sys values that programs read.
#include "../test.h"

#include <sys/utsname.h>
static void test(void) {
    struct utsname name;
    char line[128];
    uname(&name);
    snprintf(line, sizeof line, "%s\n", name.release);
    CHECK(strcmp(slurp("/proc/sys/kernel/osrelease"), line) == 0);
    TEXT(slurp("/proc/sys/kernel/ostype"), "Linux\n");
    snprintf(line, sizeof line, "%s\n", name.nodename);
    CHECK(strcmp(slurp("/proc/sys/kernel/hostname"), line) == 0);
    CHECK(atoi(slurp("/proc/sys/kernel/pid_max")) >= 32768);
    CHECK(atoi(slurp("/proc/sys/kernel/cap_last_cap")) >= 37);
    TEXT(slurp("/proc/sys/kernel/ngroups_max"), "65536\n");
    CHECK(strlen(slurp("/proc/sys/kernel/random/uuid")) == 37);
    CHECK(strlen(slurp("/proc/sys/kernel/random/boot_id")) == 37);
    CHECK(atoi(slurp("/proc/sys/vm/overcommit_memory")) >= 0);
    CHECK(atol(slurp("/proc/sys/fs/file-max")) > 1000);
    TEXT(slurp("/proc/sys/fs/pipe-max-size"), "1048576\n");
}
