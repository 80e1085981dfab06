// SPDX-License-Identifier: BSD-2-Clause
// /proc/sysvipc/shm and the limits in /proc/sys/kernel. Needs root.
#include "../test.h"

#include <sys/shm.h>

static void set(const char *path, const char *value) {
    int fd = open(path, O_WRONLY);
    REQUIRE(fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value));
    close(fd);
}

static void test(void) {
    TEXT(slurp("/proc/sysvipc/shm"),
         "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid"
         "  cgid      atime      dtime      ctime                   rss                  swap\n");
    int id = SUCCEEDS(shmget(0x1234, 3 * PAGE, IPC_CREAT | 0620));
    char *at = SUCCEEDS(shmat(id, NULL, 0));
    at[0] = at[PAGE] = 1;
    char *line = strchr(slurp("/proc/sysvipc/shm"), '\n') + 1;
    IS(strlen(line), 170);
    long v[16];
    IS(sscanf(line, "%ld %ld %lo %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld %ld", &v[0],
              (long *)&v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8], &v[9], &v[10], &v[11],
              &v[12], &v[13], &v[14], &v[15]), 16);
    IS(v[0], 0x1234);
    CHECK(v[1] == id);
    IS(v[2], 0620);
    IS(v[3], 3 * PAGE);
    CHECK(v[4] == getpid() && v[5] == getpid());
    IS(v[6], 1);
    CHECK(v[11] > 0 && v[12] == 0 && v[13] > 0);
    IS(v[14], 2 * PAGE);
    IS(v[15], 0);
    IS(shmdt(at), 0);
    IS(shmctl(id, IPC_RMID, NULL), 0);

    TEXT(slurp("/proc/sys/kernel/shmmax"), "18446744073692774399\n");
    TEXT(slurp("/proc/sys/kernel/shmall"), "18446744073692774399\n");
    TEXT(slurp("/proc/sys/kernel/shmmni"), "4096\n");
    set("/proc/sys/kernel/shmmax", "8192");
    FAILS(shmget(IPC_PRIVATE, 8193, 0600), EINVAL);
    set("/proc/sys/kernel/shmmax", "18446744073692774399\n");
    set("/proc/sys/kernel/shmall", "2");
    FAILS(shmget(IPC_PRIVATE, 8193, 0600), ENOSPC);
    IS(shmctl(SUCCEEDS(shmget(IPC_PRIVATE, 8192, 0600)), IPC_RMID, NULL), 0);
    set("/proc/sys/kernel/shmall", "18446744073692774399\n");
    set("/proc/sys/kernel/shmmni", "1");
    id = SUCCEEDS(shmget(IPC_PRIVATE, 1, 0600));
    FAILS(shmget(IPC_PRIVATE, 1, 0600), ENOSPC);
    IS(shmctl(id, IPC_RMID, NULL), 0);
    int fd = open("/proc/sys/kernel/shmmni", O_WRONLY);
    FAILS(write(fd, "32769", 5), EINVAL);
    close(fd);
    set("/proc/sys/kernel/shmmni", "4096");
}
