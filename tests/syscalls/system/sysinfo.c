// SPDX-License-Identifier: BSD-2-Clause
// sysinfo: plausible numbers that agree with /proc/meminfo.
#include "../test.h"

#include <sys/sysinfo.h>
static void test(void) {
    struct sysinfo info;
    long total = 0;
    IS(sysinfo(&info), 0);
    CHECK(info.uptime < 1L << 32);
    IS(info.mem_unit, 1);
    CHECK(info.freeram > 0 && info.freeram <= info.totalram);
    CHECK(info.procs > 0);
    sscanf(strstr(slurp("/proc/meminfo"), "MemTotal:"), "MemTotal: %ld kB", &total);
    CHECK(total == (long)(info.totalram / 1024));
    FAILS(syscall(SYS_sysinfo, BAD_POINTER), EFAULT);
}
