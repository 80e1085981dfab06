// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/task lists the threads.
#include "../test.h"

static volatile int stop, tid;
static void *worker(void *unused) {
    tid = gettid();
    while (!stop)
        sleep_ms(1);
    return unused;
}
static void test(void) {
    pthread_t thread;
    char path[64];
    pthread_create(&thread, NULL, worker, NULL);
    while (!tid)
        sleep_ms(1);
    int count = 0;
    DIR *stream = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(stream));)
        count += entry->d_name[0] != '.';
    IS(count, 2);
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    IS(atoi(slurp(path)) == tid, 1);
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    IS(access(path, F_OK), 0);
    CHECK(strstr(slurp("/proc/self/status"), "\nThreads:\t2\n") != NULL);
    stop = 1;
    pthread_join(thread, NULL);
    CHECK(strstr(slurp("/proc/self/status"), "\nThreads:\t1\n") != NULL);
}
