// SPDX-License-Identifier: BSD-2-Clause
// shmat and shmdt: rights, places, sharing with children, parts, what /proc/PID/maps shows.
#include "../test.h"

#include <sys/shm.h>

static int segment;
static long attachments(void) {
    struct shmid_ds status;
    return shmctl(segment, IPC_STAT, &status) == 0 ? (long)status.shm_nattch : -1;
}
static bool maps_show(const char *text) { return strstr(slurp("/proc/self/maps"), text) != NULL; }
static void crash(char *at) { *at = 1; }

static void places(void) {
    char *room = map_pages(8);
    FAILS(shmat(segment, room + PAGE, 0), EINVAL);
    FAILS(shmat(segment, room + 1, 0), EINVAL);
    FAILS(shmat(segment, NULL, SHM_REMAP), EINVAL);
    FAILS(shmat(segment, (void *)1, SHM_REMAP | SHM_RND), EINVAL);
    FAILS(shmat(segment, (void *)-(16 * PAGE), SHM_REMAP), ENOMEM);
    char *at = shmat(segment, room + PAGE + 5, SHM_RND | SHM_REMAP);
    CHECK(at == room + PAGE);
    TEXT(at, "hello");
    IS(room[0], 0);
    IS(shmdt(at), 0);
    FAILS(msync(at, PAGE, MS_ASYNC), ENOMEM);
    at = shmat(segment, room + PAGE + 5, SHM_RND);
    CHECK(at == room + PAGE);
    FAILS(shmdt(at + 1), EINVAL);
    FAILS(shmdt(room), EINVAL);
    IS(shmdt(at), 0);
    FAILS(shmdt(at), EINVAL);
}

static void rights(void) {
    char *at = SUCCEEDS(shmat(segment, NULL, SHM_RDONLY));
    TEXT(at, "hello");
    FAILS(mprotect(at, PAGE, PROT_READ | PROT_WRITE), EACCES);
    DIES(CHILD({ crash(at); }), SIGSEGV);
    IS(shmdt(at), 0);
    at = SUCCEEDS(shmat(segment, NULL, SHM_EXEC));
    CHECK(maps_show("rwxs"));
    IS(shmdt(at), 0);
}

static void parts(void) {
    char *at = SUCCEEDS(shmat(segment, NULL, 0));
    IS(attachments(), 1);
    IS(mprotect(at + PAGE, PAGE, PROT_READ), 0);
    IS(attachments(), 3);
    IS(munmap(at + PAGE, PAGE), 0);
    IS(attachments(), 2);
    char *other = SUCCEEDS(shmat(segment, NULL, 0));
    IS(attachments(), 3);
    IS(shmdt(at), 0);
    IS(attachments(), 1);
    TEXT(other, "hello");
    // What is left of an attachment goes even where its first page is gone.
    IS(munmap(other, PAGE), 0);
    IS(shmdt(other), 0);
    IS(attachments(), 0);
}

static void children(void) {
    char *at = SUCCEEDS(shmat(segment, NULL, 0));
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    pid_t child = CHILD({
        close(ready[1]);
        strcpy(at + PAGE, "child");
        char byte;
        IS(read(ready[0], &byte, 1), 0);
    });
    while (strcmp(at + PAGE, "child") != 0)
        sleep_ms(1);
    IS(attachments(), 2);
    struct shmid_ds status;
    close(ready[0]);
    close(ready[1]);
    EXITS(child, 0);
    IS(attachments(), 1);
    IS(shmctl(segment, IPC_STAT, &status), 0);
    CHECK(status.shm_cpid == getpid());
    CHECK(status.shm_lpid == child);
    CHECK(status.shm_atime != 0);
    CHECK(status.shm_dtime != 0);
    IS(shmdt(at), 0);
}

static void test(void) {
    char name[64];
    segment = SUCCEEDS(shmget(0x12ab, 3 * PAGE - 100, IPC_CREAT | 0600));
    REQUIRE(segment >= 0);
    char *at = SUCCEEDS(shmat(segment, NULL, 0));
    strcpy(at, "hello");
    CHECK(maps_show("/SYSV000012ab (deleted)"));
    snprintf(name, sizeof name, " %d ", segment);
    CHECK(maps_show(name));
    CHECK(maps_show("rw-s"));
    IS(shmdt(at), 0);
    CHECK(!maps_show("SYSV"));
    FAILS(shmat(-1, NULL, 0), EINVAL);
    FAILS(shmat(segment + 32768, NULL, 0), EINVAL);
    places();
    rights();
    parts();
    children();
    IS(attachments(), 0);
    IS(shmctl(segment, IPC_RMID, NULL), 0);
    FAILS(shmat(segment, NULL, 0), EINVAL);
}
