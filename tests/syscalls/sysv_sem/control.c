// SPDX-License-Identifier: BSD-2-Clause
// semget and semctl: what they find, show, set and refuse. Needs root.
#include "../test.h"

#include <sys/sem.h>

#define KEY 0x5e3a

static void information(int set) {
    struct seminfo info;
    CHECK(semctl(0, 0, IPC_INFO, &info) >= set % 32768);
    IS(info.semmni, 32000);
    IS(info.semmns, 1024000000);
    IS(info.semmsl, 32000);
    IS(info.semopm, 500);
    IS(info.semvmx, 32767);
    IS(info.semaem, 32767);
    IS(info.semmap, 1024000000);
    IS(info.semmnu, 1024000000);
    IS(info.semume, 500);
    IS(info.semusz, 20);
    CHECK(semctl(0, 0, SEM_INFO, &info) >= set % 32768);
    IS(info.semusz, 1);
    IS(info.semaem, 4);
    FAILS(semctl(0, 0, SEM_INFO, BAD_POINTER), EFAULT);
}

static void status(int set) {
    struct semid_ds s;
    memset(&s, 0x55, sizeof s);
    IS(semctl(set, 0, IPC_STAT, &s), 0);
    IS(s.sem_nsems, 4);
    IS(s.sem_otime, 0);
    CHECK(s.sem_ctime > 1000000000);
    IS(s.sem_perm.mode, 0640);
    IS(s.sem_perm.__key, KEY);
    CHECK(semctl(set % 32768, 0, SEM_STAT, &s) == set);
    CHECK(semctl(set % 32768, 0, 20 /* SEM_STAT_ANY */, &s) == set);
    FAILS(semctl(set % 32768 + 2000, 0, SEM_STAT, &s), EINVAL);
    struct sembuf none = {0, 0, 0};
    IS(semop(set, &none, 1), 0);
    IS(semctl(set, 0, IPC_STAT, &s), 0);
    CHECK(s.sem_otime >= s.sem_ctime);
    s.sem_perm.uid = 7;
    IS(semctl(set, 0, IPC_SET, &s), 0);
    IS(semctl(set, 0, IPC_STAT, &s), 0);
    IS(s.sem_perm.uid, 7);
    IS(s.sem_perm.cuid, 0);
    FAILS(semctl(set, 0, IPC_STAT, BAD_POINTER), EFAULT);
    FAILS(semctl(set, 0, IPC_SET, BAD_POINTER), EFAULT);
    FAILS(semctl(set, 0, 77, &s), EINVAL);
    FAILS(semctl(-1, 0, IPC_STAT, &s), EINVAL);
}

static void values(int set) {
    unsigned short all[4] = {1, 2, 3, 32767}, back[4];
    IS(semctl(set, 0, SETALL, all), 0);
    IS(semctl(set, 0, GETALL, back), 0);
    IS(memcmp(all, back, sizeof all), 0);
    CHECK(semctl(set, 3, GETPID) == getpid());
    all[0] = 0;
    all[3] = 32768;
    FAILS(semctl(set, 0, SETALL, all), ERANGE);
    IS(semctl(set, 0, GETVAL), 1);
    FAILS(semctl(set, 0, SETALL, BAD_POINTER), EFAULT);
    FAILS(semctl(set, 0, GETALL, BAD_POINTER), EFAULT);
    FAILS(semctl(set, 0, SETVAL, 32768), ERANGE);
    FAILS(semctl(set, 0, SETVAL, -1), ERANGE);
    FAILS(semctl(set, 4, SETVAL, 1), EINVAL);
    FAILS(semctl(set, -1, SETVAL, 1), EINVAL);
    FAILS(semctl(set, 4, GETVAL), EINVAL);
    FAILS(semctl(set, -1, GETNCNT), EINVAL);
    IS(semctl(set, 1, SETVAL, 9), 0);
    IS(semctl(set, 1, GETVAL), 9);
}

static void test(void) {
    FAILS(semget(KEY, 1, 0), ENOENT);
    FAILS(semget(KEY, 0, IPC_CREAT | 0600), EINVAL);
    FAILS(semget(KEY, -1, IPC_CREAT | 0600), EINVAL);
    FAILS(syscall(SYS_semget, KEY, 32001, IPC_CREAT | 0600), EINVAL);
    int set = SUCCEEDS(semget(KEY, 4, IPC_CREAT | 0640));
    REQUIRE(set >= 0);
    CHECK(semget(KEY, 0, 0) == set);
    CHECK(semget(KEY, 4, IPC_CREAT) == set);
    FAILS(semget(KEY, 5, 0), EINVAL);
    FAILS(semget(KEY, 4, IPC_CREAT | IPC_EXCL), EEXIST);
    information(set);
    status(set);
    values(set);
    char *line = strchr(slurp("/proc/sysvipc/sem"), '\n') + 1;
    int key, id, mode, count, user;
    IS(sscanf(line, "%d %d %o %d %d", &key, &id, &mode, &count, &user), 5);
    CHECK(key == KEY && id == set && mode == 0640 && count == 4 && user == 7);
    IS(strlen(line), 85);
    IS(semctl(set, 0, IPC_RMID), 0);
    FAILS(semctl(set, 0, IPC_RMID), EINVAL);
    TEXT(slurp("/proc/sysvipc/sem"),
         "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
    TEXT(slurp("/proc/sys/kernel/sem"), "32000\t1024000000\t500\t32000\n");
    int fd = open("/proc/sys/kernel/sem", O_WRONLY);
    IS(write(fd, "4 5", 3), 3);
    TEXT(slurp("/proc/sys/kernel/sem"), "4\t5\t500\t32000\n");
    FAILS(semget(IPC_PRIVATE, 5, 0600), EINVAL);
    set = SUCCEEDS(semget(IPC_PRIVATE, 4, 0600));
    FAILS(semget(IPC_PRIVATE, 4, 0600), ENOSPC);
    IS(semctl(set, 0, IPC_RMID), 0);
    IS(pwrite(fd, "32000 1024000000\t500 32000\n", 27, 0), 27);
    TEXT(slurp("/proc/sys/kernel/sem"), "32000\t1024000000\t500\t32000\n");
}
