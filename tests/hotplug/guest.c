// SPDX-License-Identifier: BSD-2-Clause
// Runs as init in a machine that tests/hotplug/run.py starts. Asks the host for disks to come and
// go ("want add nvme", "want del"), uses each until it is gone, and watches what else must not
// notice: a disk that stays, free memory, the events.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { block = 4096, blocks = 512, workers = 3 };

static int passed, failed;

static void result(int good, const char* what, int round) {
    passed += good;
    failed += !good;
    if (!good)
        printf("FAIL round %d: %s (errno %d, %s)\n", round, what, errno, strerror(errno));
    errno = 0;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void rest(int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static int appears(const char* path, int wanted, double limit) {
    const double end = seconds() + limit;
    while ((access(path, F_OK) == 0) != wanted) {
        if (seconds() > end)
            return 0;
        rest(10);
    }
    return 1;
}

static void fill(uint64_t* words, uint64_t number, uint64_t version) {
    uint64_t seed = number * 0x9e3779b97f4a7c15u + version;
    words[0] = number;
    words[1] = version;
    for (unsigned i = 2; i < block / 8; i++)
        words[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
}

// 1: what fill() made of this number and some version, which is stored.
static int check(const uint64_t* words, uint64_t number, uint64_t* version) {
    static _Thread_local uint64_t wanted[block / 8];
    fill(wanted, number, words[1]);
    *version = words[1];
    return memcmp(wanted, words, block) == 0;
}

// ---- the disk that stays

static atomic_int stopping;
static atomic_long steady_blocks, steady_errors;

static void* steady_load(void* nothing) {
    const int file = open("/dev/vda", O_RDWR | O_DIRECT);
    uint64_t* buffer = aligned_alloc(block, block);
    static uint64_t versions[blocks];
    unsigned seed = 1;
    if (file < 0)
        atomic_fetch_add(&steady_errors, 1);
    while (file >= 0 && !stopping) {
        const uint64_t at = (unsigned)rand_r(&seed) % blocks;
        uint64_t version;
        if (versions[at] != 0 &&
            (pread(file, buffer, block, (off_t)(at * block)) != block ||
             !check(buffer, at, &version) || version != versions[at]))
            atomic_fetch_add(&steady_errors, 1);
        fill(buffer, at, versions[at] + 1);
        if (pwrite(file, buffer, block, (off_t)(at * block)) != block)
            atomic_fetch_add(&steady_errors, 1);
        versions[at]++;
        atomic_fetch_add(&steady_blocks, 1);
    }
    free(buffer);
    close(file);
    return nothing;
}

// ---- the disk that goes

struct Worker {
    pthread_t thread;
    const char* path;
    unsigned number;
    int buffered;
    int error;      // how it ended
    int wrong;      // blocks that held what nobody wrote
    atomic_ulong done;
    uint64_t acknowledged[blocks];
};
static struct Worker worker[workers];
// What was acknowledged in earlier rounds, for each backing file.
static uint64_t known[3][workers * blocks];

static void* use_disk(void* argument) {
    struct Worker* self = argument;
    const int file = open(self->path, O_RDWR | (self->buffered ? 0 : O_DIRECT));
    uint64_t* buffer = aligned_alloc(block, block);
    unsigned seed = self->number + 7;
    self->error = file < 0 ? errno : 0;
    while (self->error == 0) {
        const uint64_t at = (unsigned)rand_r(&seed) % blocks;
        const uint64_t number = self->number * blocks + at;
        const off_t place = (off_t)(number * block);
        uint64_t version;
        if (pread(file, buffer, block, place) != block) {
            self->error = errno ? errno : EIO;
            break;
        }
        if (self->acknowledged[at] != 0 && !check(buffer, number, &version))
            self->wrong++;
        else if (self->acknowledged[at] != 0 && version < self->acknowledged[at])
            self->wrong++;
        fill(buffer, number, self->acknowledged[at] + 1);
        if (pwrite(file, buffer, block, place) != block ||
            (self->buffered && fdatasync(file) != 0)) {
            self->error = errno ? errno : EIO;
            break;
        }
        self->acknowledged[at]++;
        self->done++;
    }
    free(buffer);
    if (file >= 0)
        close(file);
    return NULL;
}

static int is_clean(int error) { return error == EIO || error == ENODEV || error == ENXIO; }

static void want(const char* what, const char* kind) {
    printf("want %s %s\n", what, kind);
    fflush(stdout);
}

static void raw_round(const char* kind, const char* path, uint64_t* versions, int round) {
    want("add", kind);
    result(appears(path, 1, 30), "the disk appears", round);
    for (unsigned i = 0; i < workers; i++) {
        memset(&worker[i], 0, sizeof worker[i]);
        worker[i].path = path;
        worker[i].number = i;
        worker[i].buffered = i == workers - 1;
        memcpy(worker[i].acknowledged, versions + i * blocks, sizeof worker[i].acknowledged);
        pthread_create(&worker[i].thread, NULL, use_disk, &worker[i]);
    }
    // In the middle of it, however slow the machine is.
    const double end = seconds() + 30;
    for (unsigned i = 0; i < workers; i++)
        while (worker[i].done < 4 && worker[i].error == 0 && seconds() < end)
            rest(5);
    rest(round % 7 * 10);
    want("del", kind);
    uint64_t done = 0;
    for (unsigned i = 0; i < workers; i++) {
        pthread_join(worker[i].thread, NULL);
        errno = worker[i].error;
        result(is_clean(worker[i].error), "the removed disk answers a clean error", round);
        result(worker[i].wrong == 0, "blocks hold what was acknowledged", round);
        memcpy(versions + i * blocks, worker[i].acknowledged, sizeof worker[i].acknowledged);
        done += worker[i].done;
    }
    result(done != 0, "the disk was used", round);
    result(appears(path, 0, 30), "the disk's node vanishes", round);
    result(open(path, O_RDONLY) < 0, "nothing opens it any more", round);
}

// A file system on a disk that goes: files answer errors, and it is unmounted all the same.
static void mounted_round(const char* kind, const char* path, int round) {
    want("add", kind);
    result(appears(path, 1, 30), "the disk appears", round);
    mkdir("/mnt", 0755);
    result(mount(path, "/mnt", "ext4", 0, "") == 0, "mount", round);
    const int file = open("/mnt/file", O_RDWR | O_CREAT, 0644);
    result(file >= 0, "create a file", round);
    static char bytes[65536];
    memset(bytes, round, sizeof bytes);
    result(write(file, bytes, sizeof bytes) == sizeof bytes && fsync(file) == 0, "write", round);
    want("del", kind);
    const double end = seconds() + 30;
    int error = 0;
    while (error == 0 && seconds() < end) {
        if (pwrite(file, bytes, sizeof bytes, 0) < 0 || fsync(file) != 0)
            error = errno;
        rest(5);
    }
    errno = error;
    result(is_clean(error) || error == EROFS, "the file answers an error", round);
    const int other = open("/mnt/other", O_RDWR | O_CREAT, 0644);
    result(other < 0 || fsync(other) != 0, "nothing new is kept", round);
    if (other >= 0)
        close(other);
    close(file);
    result(umount("/mnt") == 0, "umount", round);
    result(appears(path, 0, 30), "the disk's node vanishes", round);
}

// ---- events

static atomic_int events_added, events_removed, events_unsound;

static void* watch_events(void* argument) {
    const int events = *(int*)argument;
    char text[4096];
    while (!stopping) {
        const ssize_t size = recv(events, text, sizeof text - 1, 0);
        if (size <= 0)
            continue;
        text[size] = 0;
        const char *action = NULL, *subsystem = NULL, *name = NULL, *type = NULL;
        for (const char* at = text; at < text + size; at += strlen(at) + 1) {
            if (strncmp(at, "ACTION=", 7) == 0)
                action = at + 7;
            if (strncmp(at, "SUBSYSTEM=", 10) == 0)
                subsystem = at + 10;
            if (strncmp(at, "DEVNAME=", 8) == 0)
                name = at + 8;
            if (strncmp(at, "DEVTYPE=", 8) == 0)
                type = at + 8;
        }
        if (!action || !subsystem || strncmp(text, action, strlen(action)) != 0) {
            atomic_fetch_add(&events_unsound, 1);
            continue;
        }
        if (strcmp(subsystem, "block") != 0 || !type || strcmp(type, "disk") != 0)
            continue;
        if (!name)
            atomic_fetch_add(&events_unsound, 1);
        if (strcmp(action, "add") == 0)
            atomic_fetch_add(&events_added, 1);
        if (strcmp(action, "remove") == 0)
            atomic_fetch_add(&events_removed, 1);
    }
    return NULL;
}

static int open_events(void) {
    const int events = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    struct sockaddr_nl name = {.nl_family = AF_NETLINK, .nl_groups = 1};
    struct timeval limit = {0, 100000};
    if (events >= 0 && (bind(events, (struct sockaddr*)&name, sizeof name) != 0 ||
                        setsockopt(events, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0)) {
        close(events);
        return -1;
    }
    return events;
}

static long free_kib(void) {
    static char text[4096];
    sync();
    const int caches = open("/proc/sys/vm/drop_caches", O_WRONLY);
    if (caches >= 0) {
        if (write(caches, "3", 1) != 1)
            perror("drop_caches");
        close(caches);
    }
    const int file = open("/proc/meminfo", O_RDONLY);
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    const char* line = strstr(text, "MemFree:");
    return line ? atol(line + 8) : -1;
}

int main(int count, char** words) {
    const int rounds = count > 1 ? atoi(words[1]) : 12;
    mkdir("/dev", 0755);
    mkdir("/proc", 0755);
    mount("devtmpfs", "/dev", "devtmpfs", 0, "");
    mount("proc", "/proc", "proc", 0, "");
    errno = 0;
    int events = open_events();
    result(events >= 0, "listen for events", 0);
    pthread_t steady, watcher;
    pthread_create(&steady, NULL, steady_load, NULL);
    if (events >= 0)
        pthread_create(&watcher, NULL, watch_events, &events);
    long before = 0;
    for (int round = 0; round < rounds; round++) {
        if (round % 4 == 3)
            mounted_round("files", "/dev/vdb", round);
        else if (round % 4 == 2)
            raw_round("scsi", "/dev/sda", known[2], round);
        else if (round % 2 == 0)
            raw_round("nvme", "/dev/nvme0n1", known[0], round);
        else
            raw_round("virtio", "/dev/vdb", known[1], round);
        if (round == 3) // the first rounds fill caches that stay
            before = free_kib();
    }
    rest(300);
    const long after = free_kib();
    printf("count free memory after round 3 and at the end: %ld KiB, %ld KiB\n", before, after);
    result(rounds < 8 || before - after < 64 * (rounds - 4), "no memory is lost", rounds);
    stopping = 1;
    pthread_join(steady, NULL);
    printf("count blocks written to the disk that stayed: %ld\n", atomic_load(&steady_blocks));
    result(steady_blocks > 0 && steady_errors == 0, "the disk that stayed noticed nothing", rounds);
    if (events >= 0) {
        pthread_join(watcher, NULL);
        printf("count events: %d added, %d removed\n", events_added, events_removed);
        result(events_added == rounds && events_removed == rounds && events_unsound == 0,
               "one event for each disk that came or went", rounds);
    }
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    tcdrain(1);
    rest(200);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
