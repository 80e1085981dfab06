// SPDX-License-Identifier: BSD-2-Clause
// semop: whole or not at all, limits, flags, permissions, who waits and who goes first. Needs root.
#include "../test.h"

#include <sys/sem.h>

static int set;
static int value(int number) { return semctl(set, number, GETVAL); }
static bool values_are(int a, int b, int c) {
    return value(0) == a && value(1) == b && value(2) == c;
}
#define OPERATE(...)                                                  \
    ({                                                                \
        struct sembuf list_[] = {__VA_ARGS__};                        \
        semop(set, list_, sizeof list_ / sizeof *list_);              \
    })

static void refusals(void) {
    struct sembuf one = {0, 1, 0};
    FAILS(semop(set, &one, 0), EINVAL);
    FAILS(semop(-1, &one, 1), EINVAL);
    FAILS(semop(set + 32768, &one, 1), EINVAL);
    FAILS(semop(set, BAD_POINTER, 1), EFAULT);
    FAILS(semop(set, &one, 501), E2BIG);
    FAILS(OPERATE({3, 1, 0}), EFBIG);
    FAILS(OPERATE({0, 1, 0}, {2, -1, IPC_NOWAIT}), EAGAIN);
    FAILS(OPERATE({0, 32767, 0}, {0, 1, 0}), ERANGE);
    FAILS(OPERATE({1, 1, 0}, {1, 0, IPC_NOWAIT}), EAGAIN);
    CHECK(values_are(0, 0, 0));
    struct timespec bad = {0, 1000000000};
    FAILS(syscall(SYS_semtimedop, set, &one, 1, &bad), EINVAL);
    FAILS(syscall(SYS_semtimedop, set, &one, 1, BAD_POINTER), EFAULT);
}

static void at_once(void) {
    IS(OPERATE({0, 5, 0}, {1, 3, 0}, {0, -2, 0}), 0);
    CHECK(values_are(3, 3, 0));
    IS(OPERATE({0, -3, 0}, {0, 0, 0}, {0, 1, 0}), 0);
    CHECK(values_are(1, 3, 0));
    CHECK(semctl(set, 0, GETPID) == getpid());
    IS(semctl(set, 2, GETPID), 0);
    IS(OPERATE({0, -1, 0}, {1, -3, 0}), 0);
    struct timespec soon = {0, 30000000};
    struct sembuf wait = {0, -1, 0};
    int64_t before = now_ms();
    FAILS(semtimedop(set, &wait, 1, &soon), EAGAIN);
    CHECK(now_ms() - before >= 30);
    soon.tv_nsec = 0;
    FAILS(semtimedop(set, &wait, 1, &soon), EAGAIN);
}

static pid_t waiter(struct sembuf *list, int count) {
    pid_t child = CHILD({ IS(semop(set, list, count), 0); });
    wait_asleep(child);
    return child;
}

static void waiting(void) {
    struct sembuf take[] = {{0, -2, 0}}, both[] = {{0, -1, 0}, {1, -1, 0}}, zero[] = {{2, 0, 0}};
    IS(OPERATE({2, 1, 0}), 0);
    pid_t first = waiter(take, 1), second = waiter(both, 2), third = waiter(zero, 1);
    IS(semctl(set, 0, GETNCNT), 2);
    IS(semctl(set, 1, GETNCNT), 0);
    IS(semctl(set, 2, GETNCNT), 0);
    IS(semctl(set, 2, GETZCNT), 1);
    IS(OPERATE({0, 1, 0}), 0); // not enough for the first; the second now waits for semaphore 1
    IS(semctl(set, 0, GETNCNT), 1);
    IS(semctl(set, 1, GETNCNT), 1);
    IS(OPERATE({2, -1, 0}), 0);
    EXITS(third, 0);
    IS(OPERATE({0, 1, 0}, {1, 1, 0}), 0); // both could go: the one that came first does
    EXITS(first, 0);
    CHECK(values_are(0, 1, 0));
    CHECK(semctl(set, 0, GETPID) == first);
    IS(semctl(set, 0, SETVAL, 1), 0);
    EXITS(second, 0);
    CHECK(values_are(0, 0, 0));
}

static void on_signal(int number) { (void)number; }
static void interrupted(void) {
    pid_t child = CHILD({
        handle(SIGUSR1, on_signal, SA_RESTART);
        FAILS(OPERATE({0, -1, 0}), EINTR); // whatever SA_RESTART says
    });
    wait_asleep(child);
    IS(kill(child, SIGUSR1), 0);
    EXITS(child, 0);
    IS(semctl(set, 0, GETNCNT), 0);
    child = CHILD({ OPERATE({0, -1, 0}); });
    wait_asleep(child);
    IS(kill(child, SIGKILL), 0);
    DIES(child, SIGKILL);
    IS(semctl(set, 0, GETNCNT), 0);
}

static void permissions(void) {
    struct semid_ds status;
    IS(semctl(set, 0, IPC_STAT, &status), 0);
    status.sem_perm.mode = 0604;
    IS(semctl(set, 0, IPC_SET, &status), 0);
    EXITS(CHILD({
        REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
        IS(OPERATE({0, 0, 0}), 0);
        FAILS(OPERATE({0, 1, 0}), EACCES);
        IS(semctl(set, 0, GETVAL), 0);
        FAILS(semctl(set, 0, SETVAL, 1), EACCES);
        FAILS(semctl(set, 0, IPC_RMID), EPERM);
    }), 0);
}

static void removal(void) {
    pid_t child = CHILD({ FAILS(OPERATE({0, -1, 0}), EIDRM); });
    wait_asleep(child);
    IS(semctl(set, 0, IPC_RMID), 0);
    EXITS(child, 0);
    FAILS(OPERATE({0, 1, 0}), EINVAL);
}

static void test(void) {
    set = SUCCEEDS(semget(IPC_PRIVATE, 3, 0600));
    REQUIRE(set >= 0);
    refusals();
    at_once();
    waiting();
    interrupted();
    permissions();
    removal();
}
