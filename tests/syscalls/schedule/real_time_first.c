// SPDX-License-Identifier: BSD-2-Clause
// On one processor a real-time thread runs before an ordinary one. Needs root.
#include "../test.h"

static volatile int order[4], length;
static volatile int started;
static void *spinner(void *unused) {
    started = 1;
    for (int64_t start = now_ms(); now_ms() - start < 300 && length == 0;) {
    }
    order[length++] = 1;
    return unused;
}
static void test(void) {
    cpu_set_t one;
    pthread_t thread;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    sched_setaffinity(0, sizeof one, &one);
    struct {
        int priority;
    } value = {10};
    IS(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO | 0x40000000, &value), 0);
    pthread_create(&thread, NULL, spinner, NULL);
    while (!started)
        sleep_ms(1);
    sleep_ms(20);
    order[length++] = 2;
    IS(pthread_join(thread, NULL), 0);
    IS(order[0], 2);
    IS(order[1], 1);
}
