// SPDX-License-Identifier: BSD-2-Clause
// shmget: keys, flags, sizes, ids. Needs root.
#include "../test.h"

#include <grp.h>
#include <sys/shm.h>

#define KEY 0x7e57
#define HUGE 04000

static void test(void) {
    FAILS(shmget(KEY, PAGE, 0600), ENOENT);
    FAILS(shmget(KEY, 0, IPC_CREAT | 0600), EINVAL);
    FAILS(shmget(KEY, (size_t)-1, IPC_CREAT | 0600), EINVAL);
    int id = SUCCEEDS(shmget(KEY, PAGE, IPC_CREAT | 0640));
    CHECK(shmget(KEY, PAGE, 0) == id);
    CHECK(shmget(KEY, 0, 0) == id);
    CHECK(shmget(KEY, 1, IPC_CREAT) == id);
    FAILS(shmget(KEY, PAGE + 1, 0), EINVAL);
    FAILS(shmget(KEY, PAGE, IPC_CREAT | IPC_EXCL), EEXIST);
    CHECK(shmget(KEY, PAGE, IPC_EXCL) == id);
    int first = SUCCEEDS(shmget(IPC_PRIVATE, 1, 0)), second = SUCCEEDS(shmget(IPC_PRIVATE, 1, 0));
    CHECK(first != second && first != id);
    IS(second % 32768, first % 32768 + 1);
    IS(shmctl(first, IPC_RMID, NULL), 0);
    int third = shmget(IPC_PRIVATE, 1, 0); // indices are not used again at once
    IS(third % 32768, second % 32768 + 1);
    IS(shmctl(second, IPC_RMID, NULL), 0);
    IS(shmctl(third, IPC_RMID, NULL), 0);
    // Seventy more, so that the indices start again: the sequence number tells old from new.
    int last = id;
    bool distinct = true;
    for (int i = 0; i < 70; i++) {
        int next = shmget(IPC_PRIVATE, 1, 0600);
        distinct = distinct && next >= 0 && next != last && next != first;
        last = next;
        distinct = distinct && shmctl(next, IPC_RMID, NULL) == 0;
    }
    CHECK(distinct);
    CHECK(last >= 32768);
    FAILS(shmctl(first, IPC_RMID, NULL), EINVAL);
    FAILS(shmget(IPC_PRIVATE, PAGE, HUGE | 0600), ENOMEM);
    FAILS(shmget(IPC_PRIVATE, PAGE, HUGE | 17 << 26 | 0600), EINVAL);
    // Permissions: root may do all, others what the mode says.
    EXITS(CHILD({
        REQUIRE(setgid(1000) == 0 && setuid(1000) == 0);
        FAILS(shmget(KEY, PAGE, 0600), EACCES);
        FAILS(shmget(KEY, PAGE, 0400), EACCES);
        CHECK(shmget(KEY, PAGE, 0) == id);
        FAILS(shmget(KEY, 2 * PAGE, 0600), EINVAL);
        FAILS(shmat(id, NULL, SHM_RDONLY), EACCES);
        FAILS(shmctl(id, IPC_RMID, NULL), EPERM);
        struct shmid_ds status;
        FAILS(shmctl(id, IPC_STAT, &status), EACCES);
        memset(&status, 0, sizeof status);
        FAILS(shmctl(id, IPC_SET, &status), EPERM);
    }), 0);
    EXITS(CHILD({
        gid_t groups[] = {0};
        REQUIRE(setgroups(1, groups) == 0 && setgid(1000) == 0 && setuid(1000) == 0);
        SUCCEEDS(shmat(id, NULL, SHM_RDONLY));
        FAILS(shmat(id, NULL, 0), EACCES);
        FAILS(shmat(id, NULL, SHM_RDONLY | SHM_EXEC), EACCES);
    }), 0);
    IS(shmctl(id, IPC_RMID, NULL), 0);
    FAILS(shmget(KEY, PAGE, 0), ENOENT);
}
