// SPDX-License-Identifier: BSD-2-Clause
// A robust list: the dead owner's futex gets FUTEX_OWNER_DIED and a wake.
#include "../test.h"

#include <linux/futex.h>
struct lock {
    struct robust_list list;
    int word;
};
static void test(void) {
    struct lock *lock = map_shared(1);
    struct robust_list_head head = {{&lock->list}, offsetof(struct lock, word), NULL}, *now;
    size_t size;
    pid_t pid = CHILD({
        lock->list.next = &head.list;
        lock->word = gettid();
        IS(syscall(SYS_set_robust_list, &head, sizeof head), 0);
        IS(syscall(SYS_get_robust_list, 0, &now, &size), 0);
        CHECK(now == &head);
        IS(size, sizeof head);
        FAILS(syscall(SYS_set_robust_list, &head, sizeof head - 1), EINVAL);
    });
    EXITS(pid, 0);
    CHECK((unsigned)lock->word == FUTEX_OWNER_DIED);
    lock->word = 0;
    pid = CHILD({
        lock->list.next = &head.list;
        lock->word = gettid() | FUTEX_WAITERS;
        syscall(SYS_set_robust_list, &head, sizeof head);
        sleep_ms(100);
        raise(SIGKILL);
    });
    while (!lock->word)
        sleep_ms(1);
    IS(syscall(SYS_futex, &lock->word, FUTEX_WAIT, pid | FUTEX_WAITERS, NULL, NULL, 0), 0);
    CHECK((unsigned)lock->word == (FUTEX_OWNER_DIED | FUTEX_WAITERS));
    DIES(pid, SIGKILL);
    FAILS(syscall(SYS_get_robust_list, 4000000, &now, &size), ESRCH);
}
