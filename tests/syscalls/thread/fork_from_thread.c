// SPDX-License-Identifier: BSD-2-Clause
// fork in a thread copies only that thread.
#include "../test.h"

static void *forker(void *unused) {
    EXITS(CHILD({
        int count = 0;
        DIR *stream = opendir("/proc/self/task");
        for (struct dirent *entry; (entry = readdir(stream));)
            count += entry->d_name[0] != '.';
        IS(count, 1);
        CHECK(getpid() == gettid());
    }), 0);
    return unused;
}
static void *sleeper(void *unused) {
    sleep_ms(100);
    return unused;
}
static void test(void) {
    pthread_t a, b;
    pthread_create(&a, NULL, sleeper, NULL);
    pthread_create(&b, NULL, forker, NULL);
    IS(pthread_join(b, NULL), 0);
    IS(pthread_join(a, NULL), 0);
}
