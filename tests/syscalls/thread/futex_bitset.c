// SPDX-License-Identifier: BSD-2-Clause
// FUTEX_WAIT_BITSET and WAKE_BITSET wake by bits; its time-out is absolute.
#include "../test.h"

#include <linux/futex.h>
static int word;
static volatile int tids[2], woken[2];
static void *waiter(void *argument) {
    long me = (long)argument;
    tids[me] = gettid();
    syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, me ? 2 : 1);
    woken[me] = 1;
    return NULL;
}
static long wake(int bits) {
    return syscall(SYS_futex, &word, FUTEX_WAKE_BITSET_PRIVATE, 10, NULL, NULL, bits);
}
static void test(void) {
    pthread_t threads[2];
    for (long i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, waiter, (void *)i);
        while (!tids[i])
            sleep_ms(1);
        wait_asleep(tids[i]);
    }
    IS(wake(4), 0);
    IS(wake(2), 1);
    pthread_join(threads[1], NULL);
    IS(woken[0], 0);
    IS(wake(-1), 1);
    pthread_join(threads[0], NULL);
    FAILS(wake(0), EINVAL);
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    FAILS(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &when, NULL, -1), ETIMEDOUT);
    clock_gettime(CLOCK_REALTIME, &when);
    int operation = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
    FAILS(syscall(SYS_futex, &word, operation, 0, &when, NULL, -1), ETIMEDOUT);
}
