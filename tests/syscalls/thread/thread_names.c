// SPDX-License-Identifier: BSD-2-Clause
// PR_SET_NAME and /proc/self/task/TID/comm; fifteen characters are kept.
#include "../test.h"

#include <sys/prctl.h>
static char own[16];
static void *worker(void *unused) {
    prctl(PR_SET_NAME, "worker thread with a long name");
    prctl(PR_GET_NAME, own);
    return unused;
}
static void test(void) {
    char name[17] = "";
    pthread_t thread;
    IS(prctl(PR_SET_NAME, "leader"), 0);
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    TEXT(own, "worker thread w");
    IS(prctl(PR_GET_NAME, name), 0);
    TEXT(name, "leader");
    TEXT(slurp("/proc/self/comm"), "leader\n");
    int fd = open("/proc/self/comm", O_WRONLY);
    IS(write(fd, "changed", 7), 7);
    prctl(PR_GET_NAME, name);
    TEXT(name, "changed");
    FAILS(prctl(PR_SET_NAME, BAD_POINTER), EFAULT);
}
