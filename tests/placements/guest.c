// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of tests/placements/run.py: verified load on disks, files and a console while
// components are moved or killed. Every line of the result begins with "pass", "FAIL" or "count".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <termios.h>
#include <unistd.h>

#include "load.h"

struct storm {
    int kills; // else moves
    uint64_t count;
    char **placements;
    int placement_count;
    char **instances;
    int instance_count;
    uint64_t done[most_instances], refused;
};

// Kills end at once; another may come while the instance still starts, and is refused then.
static int kill_one(struct storm *storm, const char *instance) {
    if (write_text(instance, "control", "kill"))
        return 1;
    if (errno != EBUSY)
        complain("%s: kill is refused", instance);
    storm->refused++;
    return 0;
}

static int move_one(struct storm *storm, const char *instance, uint64_t *random) {
    const char *to = storm->placements[next_random(random) % storm->placement_count];
    char from[32] = "";
    read_text(instance, "placement", from, sizeof from);
    if (strcmp(from, to) == 0)
        return 0;
    if (!write_text(instance, "placement", to)) {
        complain("%s: move to %s failed", instance, to);
        return 0;
    }
    return 1;
}

static void run_storm(struct storm *storm) {
    uint64_t random = 99, total = 0;
    while (total < storm->count) {
        const int which = (int)(next_random(&random) % storm->instance_count);
        const char *instance = storm->instances[which];
        const int done = storm->kills ? kill_one(storm, instance)
                                      : move_one(storm, instance, &random);
        storm->done[which] += done;
        total += done;
        usleep(1000 + next_random(&random) % 8000);
    }
}

static void judge_storm(const struct storm *storm) {
    for (int i = 0; i < storm->instance_count; i++) {
        const char *name = storm->instances[i];
        result(wait_until_running(name), "%s runs in the end", name);
        const uint64_t restarts = statistic(name, "restarts"), moves = statistic(name, "moves");
        if (storm->kills)
            result(restarts == storm->done[i] && statistic(name, "kills") == storm->done[i],
                   "%s: %lu kills, %lu restarts, %lu requests repeated", name, storm->done[i],
                   restarts, statistic(name, "repeated"));
        else
            result(moves == storm->done[i] && restarts == 0, "%s: %lu moves, %lu restarts", name,
                   moves, restarts);
        result(statistic(name, "convicted") == 0, "%s: no request was given up", name);
        printf("count %s %s %lu longest_pause_us %lu last_recovery_us %lu\n", name,
               storm->kills ? "kills" : "moves", storm->done[i],
               statistic(name, "longest_pause_ns") / 1000,
               statistic(name, "last_recovery_ns") / 1000);
    }
}

static void run_under_load(struct storm *storm) {
    enum { disk_blocks = 1024 };
    struct disk_load loads[] = {
        {.path = "/dev/vdb", .first = 0, .count = disk_blocks},
        {.path = "/dev/vdb", .first = disk_blocks, .count = disk_blocks},
        {.path = "/dev/ram0", .first = 0, .count = disk_blocks},
    };
    enum { load_count = sizeof loads / sizeof *loads };
    struct file_load files = {.folder = "/mnt"};
    result(mount("/dev/vda", "/mnt", "ext4", 0, NULL) == 0, "mount /dev/vda");
    pthread_t threads[load_count + 2];
    for (int i = 0; i < load_count; i++) {
        loads[i].versions = calloc(loads[i].count, sizeof *loads[i].versions);
        pthread_create(&threads[i], NULL, use_disk, &loads[i]);
    }
    pthread_create(&threads[load_count], NULL, use_files, &files);
    pthread_create(&threads[load_count + 1], NULL, use_console, "/dev/hvc0");
    run_storm(storm);
    for (int i = 0; i < storm->instance_count; i++)
        wait_until_running(storm->instances[i]);
    stop = 1;
    for (int i = 0; i < load_count + 2; i++)
        pthread_join(threads[i], NULL);
    judge_storm(storm);
    result(umount("/mnt") == 0, "umount /mnt");
    for (int i = 0; i < load_count; i++) {
        printf("count rounds %s %lu\n", loads[i].path, loads[i].rounds);
        result(loads[i].rounds >= 50, "%s was under load", loads[i].path);
    }
    printf("count rounds files %lu lines %lu refused %lu\n", files.rounds, lines, storm->refused);
    result(files.rounds >= 10, "files were under load");
    result(complaints == 0, "no program saw an error or a wrong byte (%lu did)", complaints);
    // What the host compares the raw disk with.
    for (int i = 0; i < 2; i++)
        for (uint64_t b = 0; b < loads[i].count; b++)
            if (loads[i].versions[b] != 0)
                printf("disk %lu %u\n", loads[i].first + b, loads[i].versions[b]);
}

// --- one object

static void compare_homes(char **placements, int placement_count, char **instances, int count) {
    for (int i = 0; i < count; i++) {
        char first[200] = "", hash[200];
        for (int p = 0; p < placement_count; p++) {
            char now[32] = "";
            write_text(instances[i], "placement", placements[p]);
            read_text(instances[i], "placement", now, sizeof now);
            result(strcmp(now, placements[p]) == 0, "%s lives as %s", instances[i],
                   placements[p]);
            const int read = read_text(instances[i], "hash", hash, sizeof hash);
            if (p == 0)
                strcpy(first, hash);
            char *text = strchr(hash, '\n');
            if (text)
                *text = ' ';
            printf("hash %s %s %s\n", instances[i], placements[p], hash);
            if (text)
                *text = '\n';
            result(read && strlen(hash) > 128 && strcmp(hash, first) == 0,
                   "%s is the same bytes as %s and as %s", instances[i], placements[p],
                   placements[0]);
        }
    }
}

// same PLACEMENTS INSTANCES | storm kill|move COUNT PLACEMENTS INSTANCES (lists by commas)
int main(int count, char **words) {
    prepare();
    char *placements[8], *instances[most_instances];
    if (count == 4 && strcmp(words[1], "same") == 0) {
        const int p = split(words[2], placements, 8);
        const int i = split(words[3], instances, most_instances);
        compare_homes(placements, p, instances, i);
    } else if (count == 6 && strcmp(words[1], "storm") == 0) {
        struct storm storm = {.kills = strcmp(words[2], "kill") == 0,
                              .count = strtoul(words[3], NULL, 10),
                              .placements = placements,
                              .instances = instances};
        storm.placement_count = split(words[4], placements, 8);
        storm.instance_count = split(words[5], instances, most_instances);
        run_under_load(&storm);
    } else {
        result(0, "unknown scenario");
    }
    printf("%d passed, %d failed\n", passed, failed);
    fflush(stdout);
    sync();
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
