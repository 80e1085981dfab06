// SPDX-License-Identifier: BSD-2-Clause
// shmctl: what it shows, changes and refuses; locking; removal with attachments left, and what exit
// and exec do to them. Needs root.
#include "../test.h"

#include <sys/shm.h>

static int id;

int reexec(int argc, char **argv) {
    (void)argc;
    struct shmid_ds status;
    return shmctl(atoi(argv[1]), IPC_STAT, &status) == 0 ? (int)status.shm_nattch : 50 + errno;
}

static void status(void) {
    struct shmid_ds s;
    memset(&s, 0x55, sizeof s);
    IS(shmctl(id, IPC_STAT, &s), 0);
    IS(s.shm_segsz, 5000);
    IS(s.shm_nattch, 0);
    IS(s.shm_atime, 0);
    IS(s.shm_dtime, 0);
    IS(s.shm_lpid, 0);
    IS(s.shm_perm.mode, 0640);
    IS(s.shm_perm.uid, 0);
    IS(s.shm_perm.cuid, 0);
    IS(s.shm_perm.__key, 0x77aa);
    CHECK(s.shm_perm.__seq == id / 32768);
    CHECK(s.shm_cpid == getpid());
    CHECK(s.shm_ctime > 1000000000);
    FAILS(shmctl(id, IPC_STAT, BAD_POINTER), EFAULT);
    FAILS(shmctl(id, 99, &s), EINVAL);
    FAILS(shmctl(id, -1, &s), EINVAL);
    FAILS(shmctl(-1, IPC_STAT, &s), EINVAL);
    FAILS(shmctl(id + 32768, IPC_STAT, &s), EINVAL);
    CHECK(shmctl(id % 32768, SHM_STAT, &s) == id);
    CHECK(shmctl(id % 32768, 15 /* SHM_STAT_ANY */, &s) == id);
    FAILS(shmctl(id % 32768 + 2000, SHM_STAT, &s), EINVAL);
    struct shminfo limits;
    CHECK(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) >= id % 32768);
    IS(limits.shmmni, 4096);
    IS(limits.shmseg, 4096);
    IS(limits.shmmin, 1);
    CHECK(limits.shmmax == 18446744073692774399UL);
    CHECK(limits.shmall == 18446744073692774399UL);
    struct shm_info usage;
    CHECK(shmctl(0, SHM_INFO, (struct shmid_ds *)&usage) >= id % 32768);
    CHECK(usage.used_ids >= 1);
    CHECK(usage.shm_tot >= 2);
    IS(usage.shm_swp, 0);
    FAILS(shmctl(0, IPC_INFO, BAD_POINTER), EFAULT);
}

static void change(void) {
    struct shmid_ds s;
    IS(shmctl(id, IPC_STAT, &s), 0);
    s.shm_perm.uid = 1000;
    s.shm_perm.gid = 1001;
    s.shm_perm.mode = 07604;
    s.shm_segsz = 1;
    IS(shmctl(id, IPC_SET, &s), 0);
    IS(shmctl(id, IPC_STAT, &s), 0);
    IS(s.shm_perm.uid, 1000);
    IS(s.shm_perm.gid, 1001);
    IS(s.shm_perm.cuid, 0);
    IS(s.shm_perm.mode, 0604);
    IS(s.shm_segsz, 5000);
    s.shm_perm.uid = -1;
    FAILS(shmctl(id, IPC_SET, &s), EINVAL);
    FAILS(shmctl(id, IPC_SET, BAD_POINTER), EFAULT);
    s.shm_perm.uid = 1000;
    EXITS(CHILD({
        REQUIRE(setgid(5) == 0 && setuid(1000) == 0); // the owner, though not the creator
        IS(shmctl(id, IPC_SET, &s), 0);
        SUCCEEDS(shmat(id, NULL, 0));
    }), 0);
    EXITS(CHILD({
        REQUIRE(setgid(1001) == 0 && setuid(2000) == 0);
        FAILS(shmat(id, NULL, SHM_RDONLY), EACCES); // the group's bits come first
        FAILS(shmctl(id, SHM_LOCK, NULL), EPERM);
        FAILS(shmctl(id % 32768, SHM_STAT, &s), EACCES);
        CHECK(shmctl(id % 32768, 15 /* SHM_STAT_ANY */, &s) == id);
    }), 0);
    EXITS(CHILD({
        REQUIRE(setgid(7) == 0 && setuid(2000) == 0);
        SUCCEEDS(shmat(id, NULL, SHM_RDONLY));
        FAILS(shmat(id, NULL, 0), EACCES);
    }), 0);
}

static void locking(void) {
    struct shmid_ds s;
    IS(shmctl(id, SHM_LOCK, NULL), 0);
    IS(shmctl(id, SHM_LOCK, NULL), 0);
    IS(shmctl(id, IPC_STAT, &s), 0);
    IS(s.shm_perm.mode, 02604);
    IS(shmctl(id, SHM_UNLOCK, NULL), 0);
    IS(shmctl(id, SHM_UNLOCK, NULL), 0);
    IS(shmctl(id, IPC_STAT, &s), 0);
    IS(s.shm_perm.mode, 0604);
    EXITS(CHILD({
        struct rlimit none = {0, 0};
        struct rlimit page = {PAGE, PAGE};
        REQUIRE(setrlimit(RLIMIT_MEMLOCK, &page) == 0 && setuid(1000) == 0);
        FAILS(shmctl(id, SHM_LOCK, NULL), ENOMEM); // two pages
        REQUIRE(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
        FAILS(shmctl(id, SHM_LOCK, NULL), EPERM);
        IS(shmctl(id, SHM_UNLOCK, NULL), 0);
    }), 0);
}

static void removal(void) {
    struct shmid_ds s;
    char number[16];
    char *arguments[] = {"x", number, NULL};
    snprintf(number, sizeof number, "%d", id);
    char *at = SUCCEEDS(shmat(id, NULL, 0));
    strcpy(at, "still here");
    EXITS(CHILD({ execv("/proc/self/exe", arguments); }), 1); // exec detaches the child's
    IS(shmctl(id, IPC_RMID, NULL), 0);
    FAILS(shmget(0x77aa, 0, 0), ENOENT);
    IS(shmctl(id, IPC_STAT, &s), 0);
    IS(s.shm_perm.mode, 01604);
    IS(s.shm_perm.__key, 0);
    IS(s.shm_nattch, 1);
    IS(shmctl(id, IPC_RMID, NULL), 0);
    TEXT(at, "still here");
    char *again = SUCCEEDS(shmat(id, NULL, 0));
    TEXT(again, "still here");
    IS(shmdt(again), 0);
    EXITS(CHILD({ IS(shmctl(id, IPC_STAT, &s), 0); IS(s.shm_nattch, 2); }), 0);
    IS(shmdt(at), 0);
    FAILS(shmctl(id, IPC_STAT, &s), EINVAL);
    // Exit detaches too.
    int *shared = map_shared(1);
    EXITS(CHILD({
        *shared = shmget(IPC_PRIVATE, PAGE, 0600);
        SUCCEEDS(shmat(*shared, NULL, 0));
        IS(shmctl(*shared, IPC_RMID, NULL), 0);
    }), 0);
    FAILS(shmctl(*shared, IPC_STAT, &s), EINVAL);
}

static void test(void) {
    id = SUCCEEDS(shmget(0x77aa, 5000, IPC_CREAT | 0640));
    REQUIRE(id >= 0);
    status();
    change();
    locking();
    removal();
}
