// SPDX-License-Identifier: BSD-2-Clause
// A fatal signal to one thread ends the whole process.
#include "../test.h"

static void *sleeper(void *unused) {
    for (;;)
        pause();
    return unused;
}
static void *faulter(void *unused) {
    *(volatile int *)16 = 1;
    return unused;
}
static void with(void *(*function)(void *)) {
    pthread_t thread;
    pthread_create(&thread, NULL, sleeper, NULL);
    pthread_create(&thread, NULL, function, NULL);
    for (;;)
        pause();
}
static void test(void) {
    DIES(CHILD({ with(faulter); }), SIGSEGV);
    pid_t pid = CHILD({ with(sleeper); });
    sleep_ms(20);
    kill(pid, SIGKILL);
    DIES(pid, SIGKILL);
}
