// SPDX-License-Identifier: BSD-2-Clause
// FUTEX_WAIT and WAKE: value checks, counts, time-outs, shared and private.
#include "../test.h"

#include <linux/futex.h>
static int word;
static volatile int tid, woken;
static long futex(int *at, int operation, int value, void *timeout) {
    return syscall(SYS_futex, at, operation, value, timeout, NULL, 0);
}
static void *waiter(void *unused) {
    tid = gettid();
    if (futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL) == 0)
        __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
    return unused;
}
static void test(void) {
    struct timespec some = {0, 30000000}, bad = {0, 1000000000};
    FAILS(futex(&word, FUTEX_WAIT, 1, NULL), EAGAIN);
    int64_t start = now_ms();
    FAILS(futex(&word, FUTEX_WAIT, 0, &some), ETIMEDOUT);
    CHECK(now_ms() - start >= 29);
    FAILS(futex(&word, FUTEX_WAIT, 0, &bad), EINVAL);
    IS(futex(&word, FUTEX_WAKE, 1, NULL), 0);
    FAILS(futex((int *)((char *)&word + 1), FUTEX_WAIT, 0, NULL), EINVAL);
    FAILS(futex(BAD_POINTER, FUTEX_WAIT, 0, NULL), EFAULT);
    FAILS(futex(&word, 99, 0, NULL), ENOSYS);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        tid = 0;
        pthread_create(&threads[i], NULL, waiter, NULL);
        while (!tid)
            sleep_ms(1);
        wait_asleep(tid);
    }
    IS(futex(&word, FUTEX_WAKE, 1, NULL), 0);
    IS(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL), 1);
    IS(futex(&word, FUTEX_WAKE_PRIVATE, 10, NULL), 2);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    IS(woken, 3);
}
