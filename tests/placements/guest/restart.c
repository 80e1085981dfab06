// SPDX-License-Identifier: BSD-2-Clause
// How much is executed from the end of an instance to the first request that the next life serves.
// Under -icount an instruction is a nanosecond; a thread that runs when nobody else does keeps the
// clock from skipping what would be idle time, and its own time is taken off.
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { repeats = 5, cached_inodes = 10000 };

static clockid_t idle_clock;

static void *run_idle(void *ready) {
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_IDLE, &none);
    atomic_store((atomic_int *)ready, 1);
    while (1)
        atomic_signal_fence(memory_order_relaxed);
    return NULL;
}

static void start_idle(void) {
    static atomic_int ready;
    pthread_t thread;
    pthread_create(&thread, NULL, run_idle, &ready);
    while (!atomic_load(&ready))
        usleep(100);
    pthread_getcpuclockid(thread, &idle_clock);
}

static uint64_t executed(void) {
    struct timespec idle;
    clock_gettime(idle_clock, &idle);
    return nanoseconds() - ((uint64_t)idle.tv_sec * 1000000000u + (uint64_t)idle.tv_nsec);
}

// --- one request, which no cache answers; false if it failed

static int use_block_device(int file) {
    static _Alignas(block_size) char block[block_size];
    return pread(file, block, sizeof block, 0) == sizeof block;
}

static int use_terminal(int file) { return write(file, "x", 1) == 1 && tcdrain(file) == 0; }

static int use_file_system(int folder) {
    static unsigned number;
    char name[32];
    snprintf(name, sizeof name, "missing%u", number++);
    struct stat is;
    return fstatat(folder, name, &is, 0) != 0 && errno == ENOENT;
}

struct subject {
    const char *instance, *path;
    int flags;
    int (*use)(int file);
    uint64_t most; // instructions
};
static const struct subject subjects[] = {
    {"ramdisk0", "/dev/ram0", O_RDWR | O_DIRECT, use_block_device, 3000000},
    {"virtio_blk1", "/dev/vdb", O_RDWR | O_DIRECT, use_block_device, 3000000},
    {"nvme0", "/dev/nvme0n1", O_RDWR | O_DIRECT, use_block_device, 3000000},
    {"serial_165501", "/dev/ttyS1", O_RDWR | O_NOCTTY, use_terminal, 3000000},
    {"virtio_console0", "/dev/hvc0", O_RDWR | O_NOCTTY, use_terminal, 3000000},
    {"ext40", "/mnt/many", O_RDONLY | O_DIRECTORY, use_file_system, 30000000},
};

static int fill_folder(void) {
    if (mount("/dev/vda", "/mnt", "ext4", 0, NULL) != 0 || mkdir("/mnt/many", 0700) != 0)
        return 0;
    for (int i = 0; i < cached_inodes; i++) {
        char path[64];
        snprintf(path, sizeof path, "/mnt/many/%d", i);
        const int file = open(path, O_RDWR | O_CREAT, 0600);
        if (file < 0)
            return 0;
        close(file);
    }
    sync();
    return 1;
}

// Ends it and asks the next life for something.
static void measure(const struct subject *subject, const char *placement, int file) {
    uint64_t most = 0, longest = 0;
    int good = subject->use(file);
    for (int i = 0; i < repeats && good; i++) {
        usleep(20000); // what the last life began is over
        const uint64_t begin = nanoseconds(), executed_before = executed();
        good = write_text(subject->instance, "control", "kill") && subject->use(file);
        const uint64_t used = executed() - executed_before, time = nanoseconds() - begin;
        most = used > most ? used : most;
        longest = time > longest ? time : longest;
    }
    good = good && statistic(subject->instance, "convicted") == 0;
    char now[32] = "";
    read_text(subject->instance, "placement", now, sizeof now);
    printf("restart %-16s %-8s %12lu %12lu\n", subject->instance, placement, most, longest);
    result(good && strcmp(now, placement) == 0 && most <= subject->most,
           "%s as %s serves again within %lu instructions", subject->instance, placement,
           subject->most);
}

void measure_restarts(const struct scene *scene) {
    start_idle();
    result(fill_folder(), "%d inodes are cached", cached_inodes);
    printf("restart %-16s %-8s %12s %12s\n", "instance", "placed", "executed", "elapsed ns");
    for (unsigned i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        const int file = open(subjects[i].path, subjects[i].flags);
        result(file >= 0, "%s opens", subjects[i].path);
        for (int p = 0; p < scene->placement_count; p++) {
            write_text(subjects[i].instance, "placement", scene->placements[p]);
            measure(&subjects[i], scene->placements[p], file);
        }
        close(file);
    }
    result(umount("/mnt") == 0, "umount /mnt");
}
