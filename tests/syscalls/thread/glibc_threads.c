// SPDX-License-Identifier: BSD-2-Clause
// Threads made by glibc (clone3, rseq, robust lists): mutexes, conditions, barriers.
#include "../test.h"

// libc: glibc
static pthread_barrier_t barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn, trail[40], length;
static __thread int own;
static void *worker(void *argument) {
    int me = (long)argument;
    own = me;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 10; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != me)
            pthread_cond_wait(&changed, &mutex);
        trail[length++] = own;
        turn = (turn + 1) % 4;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}
static void test(void) {
    pthread_t threads[4];
    IS(pthread_barrier_init(&barrier, NULL, 4), 0);
    for (long i = 0; i < 4; i++)
        IS(pthread_create(&threads[i], NULL, worker, (void *)i), 0);
    for (int i = 0; i < 4; i++)
        IS(pthread_join(threads[i], NULL), 0);
    IS(length, 40);
    int right = 0;
    for (int i = 0; i < 40; i++)
        right += trail[i] == i % 4;
    IS(right, 40);
}
