// SPDX-License-Identifier: BSD-2-Clause
// utime, utimes and futimesat, the older calls.
#include "../test.h"

static void test(void) {
    struct stat status;
    touch("f");
    long old[2] = {11, 22};
    IS(syscall(SYS_utime, "f", old), 0);
    IS(stat("f", &status), 0);
    IS(status.st_atim.tv_sec, 11);
    IS(status.st_mtim.tv_sec, 22);
    struct timeval times[2] = {{33, 500000}, {44, 1}};
    IS(syscall(SYS_utimes, "f", times), 0);
    IS(stat("f", &status), 0);
    IS(status.st_atim.tv_nsec, 500000000);
    IS(status.st_mtim.tv_nsec, 1000);
    times[0].tv_usec = 1000000;
    FAILS(syscall(SYS_utimes, "f", times), EINVAL);
    IS(syscall(SYS_futimesat, AT_FDCWD, "f", NULL), 0);
    FAILS(syscall(SYS_utime, "none", old), ENOENT);
    FAILS(syscall(SYS_utime, "f", BAD_POINTER), EFAULT);
}
