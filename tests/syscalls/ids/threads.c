// SPDX-License-Identifier: BSD-2-Clause
// The raw calls change one thread only, as Linux does. Needs root.
#include "../test.h"

static void *worker(void *unused) {
    IS(syscall(SYS_setresuid, 1000, 1000, 1000), 0);
    IS(geteuid(), 1000);
    return unused;
}
static void test(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    IS(geteuid(), 0);
}
