// SPDX-License-Identifier: BSD-2-Clause
// A robust pthread mutex in shared memory reports EOWNERDEAD and can be healed.
#include "../test.h"

static void test(void) {
    pthread_mutex_t *mutex = map_shared(1);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    IS(pthread_mutex_init(mutex, &attributes), 0);
    EXITS(CHILD({ IS(pthread_mutex_lock(mutex), 0); }), 0);
    IS(pthread_mutex_lock(mutex), EOWNERDEAD);
    IS(pthread_mutex_consistent(mutex), 0);
    IS(pthread_mutex_unlock(mutex), 0);
    IS(pthread_mutex_lock(mutex), 0);
    IS(pthread_mutex_unlock(mutex), 0);
}
