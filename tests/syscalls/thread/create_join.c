// SPDX-License-Identifier: BSD-2-Clause
// Threads: one process id, own thread ids, shared memory, joined results.
#include "../test.h"

static int sum;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *adder(void *argument) {
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&mutex);
        sum += (long)argument;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(getpid() != gettid() ? (long)argument * 2 : -1L);
}
static void test(void) {
    pthread_t threads[8];
    void *result;
    for (long i = 0; i < 8; i++)
        IS(pthread_create(&threads[i], NULL, adder, (void *)i), 0);
    for (long i = 0; i < 8; i++) {
        IS(pthread_join(threads[i], &result), 0);
        IS(result, i * 2);
    }
    IS(sum, 28000);
}
