// SPDX-License-Identifier: BSD-2-Clause
// Sixty-four threads alive at once, twenty rounds.
#include "../test.h"

static pthread_barrier_t barrier;
static void *worker(void *argument) {
    pthread_barrier_wait(&barrier);
    return argument;
}
static void test(void) {
    pthread_t threads[64];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 32768);
    int joined = 0;
    for (int round = 0; round < 20; round++) {
        pthread_barrier_init(&barrier, NULL, 64);
        for (long i = 0; i < 64; i++)
            REQUIRE(pthread_create(&threads[i], &attributes, worker, (void *)i) == 0);
        for (long i = 0; i < 64; i++) {
            void *result;
            joined += pthread_join(threads[i], &result) == 0 && result == (void *)i;
        }
    }
    IS(joined, 1280);
}
