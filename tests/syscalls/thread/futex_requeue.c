// SPDX-License-Identifier: BSD-2-Clause
// FUTEX_REQUEUE and CMP_REQUEUE move waiters; WAKE_OP computes.
#include "../test.h"

#include <linux/futex.h>
static int from, to;
static volatile int tids[3], woken;
static void *waiter(void *argument) {
    tids[(long)argument] = gettid();
    syscall(SYS_futex, &from, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
static void test(void) {
    pthread_t threads[3];
    for (long i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, waiter, (void *)i);
        while (!tids[i])
            sleep_ms(1);
        wait_asleep(tids[i]);
    }
    FAILS(syscall(SYS_futex, &from, FUTEX_CMP_REQUEUE_PRIVATE, 1, 10L, &to, 7), EAGAIN);
    IS(syscall(SYS_futex, &from, FUTEX_CMP_REQUEUE_PRIVATE, 1, 10L, &to, 0), 3);
    IS(syscall(SYS_futex, &from, FUTEX_WAKE_PRIVATE, 10, NULL, NULL, 0), 0);
    IS(syscall(SYS_futex, &to, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    from = 5;
    int operation = FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5);
    IS(syscall(SYS_futex, &to, FUTEX_WAKE_OP_PRIVATE, 1, 1L, &from, operation), 1);
    IS(from, 8);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    IS(woken, 3);
    operation = FUTEX_OP(FUTEX_OP_XOR, 15, FUTEX_OP_CMP_GT, 100);
    IS(syscall(SYS_futex, &to, FUTEX_WAKE_OP_PRIVATE, 1, 1L, &from, operation), 0);
    IS(from, 7);
}
