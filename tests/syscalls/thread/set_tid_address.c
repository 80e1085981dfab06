// SPDX-License-Identifier: BSD-2-Clause
// set_tid_address answers the thread id and arms the clearing at exit.
#include "../test.h"

static int *word;
static void *worker(void *unused) {
    CHECK(syscall(SYS_set_tid_address, word) == gettid());
    syscall(SYS_exit, 0);
    return unused;
}
static void test(void) {
    word = map_shared(1);
    CHECK(syscall(SYS_set_tid_address, word) == getpid());
    *word = 55;
    EXITS(CHILD({ IS(syscall(SYS_set_tid_address, word) > 0, 1); }), 0);
    IS(*word, 55);
    EXITS(CHILD({
        pthread_t thread;
        pthread_create(&thread, NULL, worker, NULL);
        for (int i = 0; i < 2000 && *word; i++)
            sleep_ms(1);
        IS(*word, 0);
    }), 0);
}
