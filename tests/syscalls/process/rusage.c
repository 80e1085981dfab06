// SPDX-License-Identifier: BSD-2-Clause
// getrusage and wait4's usage: children count only when waited for.
#include "../test.h"

static void burn(long ms) {
    struct timespec now;
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < ms);
}
static long ms_of(struct timeval *time) {
    return time->tv_sec * 1000 + time->tv_usec / 1000;
}
static void test(void) {
    struct rusage usage;
    IS(getrusage(RUSAGE_CHILDREN, &usage), 0);
    IS(ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime), 0);
    pid_t pid = CHILD({ burn(60); });
    CHECK(wait4(pid, NULL, 0, &usage) == pid);
    CHECK(ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime) >= 40);
    IS(getrusage(RUSAGE_CHILDREN, &usage), 0);
    CHECK(ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime) >= 40);
    IS(getrusage(RUSAGE_SELF, &usage), 0);
    CHECK(usage.ru_minflt > 0);
    IS(getrusage(RUSAGE_THREAD, &usage), 0);
    FAILS(getrusage(55, &usage), EINVAL);
    FAILS(syscall(SYS_getrusage, RUSAGE_SELF, BAD_POINTER), EFAULT);
}
