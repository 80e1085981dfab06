// SPDX-License-Identifier: BSD-2-Clause
// Priority-inheriting futexes: the owner's id, trying, dead-lock, the owner's check.
#include "../test.h"

#include <linux/futex.h>
static int word;
static volatile int stage, locked = -1, owned = -1, unlocked = -1;
static long pi(int operation) {
    return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, 0, NULL, NULL, 0);
}
static void *contender(void *unused) {
    FAILS(pi(FUTEX_TRYLOCK_PI), EAGAIN);
    FAILS(pi(FUTEX_UNLOCK_PI), EPERM);
    stage = gettid();
    locked = pi(FUTEX_LOCK_PI);  // told by the other thread: both run now
    owned = (word & FUTEX_TID_MASK) == gettid();
    unlocked = pi(FUTEX_UNLOCK_PI);
    return unused;
}
static void test(void) {
    pthread_t thread;
    IS(pi(FUTEX_LOCK_PI), 0);
    CHECK(word == gettid());
    FAILS(pi(FUTEX_LOCK_PI), EDEADLK);
    pthread_create(&thread, NULL, contender, NULL);
    while (!stage)
        sleep_ms(1);
    wait_asleep(stage);
    CHECK((unsigned)word == ((unsigned)gettid() | FUTEX_WAITERS));
    IS(pi(FUTEX_UNLOCK_PI), 0);
    pthread_join(thread, NULL);
    IS(locked, 0);
    IS(owned, 1);
    IS(unlocked, 0);
    IS(word, 0);
}
