// SPDX-License-Identifier: BSD-2-Clause
// All the loads there are, together: disks, files, programs, terminals.
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { disk_blocks = 1024, most_threads = 16 };
enum { raw_loads = 3, disk_load_count = 4, stream_count = 2 };

// The first `raw_loads` are on disks that the host looks at afterwards.
static struct disk_load disks[disk_load_count] = {
    {.path = "/dev/vdb", .first = 0, .count = disk_blocks},
    {.path = "/dev/vdb", .first = disk_blocks, .count = disk_blocks},
    {.path = "/dev/nvme0n1", .first = 0, .count = disk_blocks},
    {.path = "/dev/ram0", .first = 0, .count = disk_blocks},
};
static struct stream_load streams[stream_count] = {{.path = "/dev/hvc0"}, {.path = "/dev/ttyS1"}};
static struct file_load files = {.folder = "/mnt/storm"};
static struct program_load sqlite = {.root = "/mnt"}, tree = {.root = "/mnt"};
static pthread_t threads[most_threads];
static int thread_count;

static void start(void *(*function)(void *), void *argument) {
    pthread_create(&threads[thread_count++], NULL, function, argument);
}

void start_loads(void) {
    result(mount("/dev/vda", "/mnt", "ext4", 0, NULL) == 0, "mount /dev/vda");
    mkdir("/mnt/storm", 0700);
    result(remember_tree("/mnt"), "the tree can be read");
    for (int i = 0; i < disk_load_count; i++) {
        disks[i].versions = calloc(disks[i].count, sizeof *disks[i].versions);
        start(use_disk, &disks[i]);
    }
    start(use_files, &files);
    start(use_sqlite, &sqlite);
    start(use_tree, &tree);
    for (int i = 0; i < stream_count; i++)
        start(use_stream, &streams[i]);
}

void stop_loads(void) {
    stop = 1;
    for (int i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    result(umount("/mnt") == 0, "umount /mnt");
}

// What each has done, and the least that makes the storm a test of it.
struct work {
    const char *what;
    uint64_t done, least;
};
static int list_work(struct work *list) {
    int count = 0;
    for (int i = 0; i < disk_load_count; i++)
        list[count++] = (struct work){disks[i].path, disks[i].rounds, 30};
    list[count++] = (struct work){"files", files.rounds, 5};
    list[count++] = (struct work){"sqlite3", sqlite.rounds, 2};
    list[count++] = (struct work){"tree", tree.rounds, 1};
    for (int i = 0; i < stream_count; i++)
        list[count++] = (struct work){streams[i].path, streams[i].bytes, 1000};
    return count;
}

int loads_have_worked(void) {
    struct work list[most_threads];
    int all = 1;
    for (int i = list_work(list) - 1; i >= 0; i--)
        all = all && list[i].done >= list[i].least;
    return all;
}

// What the host compares with what it finds: how much there must be, then each piece.
void judge_loads(void) {
    struct work list[most_threads];
    const int count = list_work(list);
    for (int i = 0; i < count; i++) {
        printf("count work %s %lu\n", list[i].what, list[i].done);
        result(list[i].done >= list[i].least, "%s was under load", list[i].what);
    }
    for (int i = 0; i < stream_count; i++)
        printf("stream %s %lu\n", streams[i].path, atomic_load(&streams[i].bytes));
    printf("rows %lu\n", sqlite.rows);
    result(complaints == 0, "no program saw an error or a wrong byte (%lu did)",
           atomic_load(&complaints));
    uint64_t told = 0;
    for (int i = 0; i < raw_loads; i++) {
        for (uint64_t b = 0; b < disks[i].count; b++) {
            if (disks[i].versions[b] == 0)
                continue;
            printf("disk %s %lu %u\n", disks[i].path, disks[i].first + b, disks[i].versions[b]);
            told++;
        }
    }
    printf("disks %lu\n", told);
}
