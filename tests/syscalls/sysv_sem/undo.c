// SPDX-License-Identifier: BSD-2-Clause
// SEM_UNDO: taken back when the process ends, however it ends; shared by threads; forgotten by
// SETVAL; harmless after removal.
#include "../test.h"

#include <sys/sem.h>

static int set;
static int change(int number, int by, int flags) {
    struct sembuf one = {number, by, flags};
    return semop(set, &one, 1);
}
static int value(int number) { return semctl(set, number, GETVAL); }
static void *take(void *unused) {
    (void)unused;
    change(0, -1, SEM_UNDO);
    return NULL;
}

static void test(void) {
    set = SUCCEEDS(semget(IPC_PRIVATE, 2, 0600));
    IS(semctl(set, 0, SETVAL, 3), 0);
    pid_t child = CHILD({ IS(change(0, -2, SEM_UNDO), 0); IS(change(1, 4, SEM_UNDO), 0); });
    EXITS(child, 0);
    IS(value(0), 3);
    IS(value(1), 0);
    CHECK(semctl(set, 0, GETPID) == child);
    DIES(CHILD({ IS(change(0, -2, SEM_UNDO), 0); raise(SIGKILL); }), SIGKILL);
    IS(value(0), 3);
    // Only what was asked for; a fork's child has none of it.
    EXITS(CHILD({
        IS(change(0, -1, SEM_UNDO), 0);
        IS(change(0, -1, 0), 0);
        EXITS(CHILD({}), 0);
        IS(value(0), 1);
    }), 0);
    IS(value(0), 2);
    // The value does not go below zero.
    EXITS(CHILD({ IS(change(0, 5, SEM_UNDO), 0); IS(change(0, -6, 0), 0); }), 0);
    IS(value(0), 0);
    // SETVAL and SETALL forget adjustments.
    EXITS(CHILD({ IS(change(0, 5, SEM_UNDO), 0); IS(semctl(set, 0, SETVAL, 9), 0); }), 0);
    IS(value(0), 9);
    unsigned short all[] = {4, 4};
    EXITS(CHILD({ IS(change(1, 5, SEM_UNDO), 0); IS(semctl(set, 0, SETALL, all), 0); }), 0);
    IS(value(1), 4);
    // Threads share: the end of one undoes nothing, that of the process all.
    EXITS(CHILD({
        pthread_t thread;
        IS(pthread_create(&thread, NULL, take, NULL), 0);
        pthread_join(thread, NULL);
        IS(value(0), 3);
    }), 0);
    IS(value(0), 4);
    // It wakes who waits.
    IS(semctl(set, 0, SETVAL, 1), 0);
    int ready[2];
    char byte;
    REQUIRE(pipe(ready) == 0);
    pid_t holder = CHILD({
        IS(change(0, -1, SEM_UNDO), 0);
        close(ready[1]);
        IS(read(ready[0], &byte, 1), 0);
    });
    while (value(0) != 0)
        sleep_ms(1);
    child = CHILD({ close(ready[0]); close(ready[1]); IS(change(0, -1, 0), 0); });
    wait_asleep(child);
    close(ready[0]);
    close(ready[1]);
    EXITS(holder, 0);
    EXITS(child, 0);
    IS(value(0), 0);
    // unshare(CLONE_SYSVSEM) applies them at once.
    EXITS(CHILD({
        IS(change(0, 1, SEM_UNDO), 0);
        IS(unshare(CLONE_SYSVSEM), 0);
        IS(value(0), 0);
    }), 0);
    // Adjustments have a range.
    EXITS(CHILD({
        IS(semctl(set, 1, SETVAL, 0), 0);
        IS(change(1, 32767, SEM_UNDO), 0);
        IS(change(1, -32767, 0), 0);
        IS(change(1, 1, SEM_UNDO), 0);
        FAILS(change(1, 1, SEM_UNDO), ERANGE);
        IS(value(1), 1);
    }), 0);
    EXITS(CHILD({ IS(change(0, 2, SEM_UNDO), 0); IS(semctl(set, 0, IPC_RMID), 0); }), 0);
    FAILS(change(0, 1, SEM_UNDO), EINVAL);
}
