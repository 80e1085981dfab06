// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of tests/placements/campaign.py: makes one fault after the other in components that are
// under load, and says of each whether it showed, whether the component came back, and what the
// programs saw. What it says is read by the host, which also notices when nothing comes any more.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

#include "load.h"

enum { disk_blocks = 256, most_kinds = 32, most_changes = 16 };
enum { poll_time = 2 * 1000, patience = 10 * 1000 * 1000 }; // microseconds

struct campaign {
    uint64_t seed;
    const char *placement;
    char *kinds[most_kinds], *instances[most_instances];
    int kind_count, instance_count;
    int changes;         // made in one life, until one shows
    useconds_t exposure; // how long they are given to show
};

struct fault {
    uint64_t number;
    const char *kind, *instance;
};

// Until `happened`, or the time is up: then 0.
static int wait_for(int (*happened)(const char *, uint64_t), const char *instance, uint64_t before,
                    useconds_t time) {
    for (useconds_t waited = 0; waited < time; waited += poll_time) {
        if (happened(instance, before))
            return 1;
        usleep(poll_time);
    }
    return 0;
}

static int has_restarted(const char *instance, uint64_t before) {
    return statistic(instance, "restarts") > before;
}
static int has_shown(const char *instance, uint64_t before) {
    return statistic(instance, "restarts") + statistic(instance, "activated") > before;
}
static int has_answered(const char *instance, uint64_t before) {
    return is_running(instance) && statistic(instance, "answered") > before;
}

static int lives_at(const char *instance, const char *placement) {
    char now[32] = "";
    read_text(instance, "placement", now, sizeof now);
    return strcmp(now, placement) == 0;
}

// Brings it to where faults are to be made, if it is not there.
static int put(const char *instance, const char *placement) {
    for (int tries = 0; tries < 200; tries++) {
        if (wait_until_running(instance) && lives_at(instance, placement))
            return 1;
        write_text(instance, "placement", placement);
        usleep(10 * 1000);
    }
    return 0;
}

// A fresh life with a sound text; whatever the fault left behind is gone.
static int renew(const char *instance) {
    const uint64_t before = statistic(instance, "restarts");
    for (int tries = 0; tries < 100; tries++) {
        if (write_text(instance, "control", "kill"))
            return wait_for(has_restarted, instance, before, patience);
        usleep(10 * 1000);
    }
    return 0;
}

// Answers 0 if the component did not come back.
static int make_fault(const struct campaign *campaign, const struct fault *fault) {
    if (!put(fault->instance, campaign->placement)) {
        printf("stuck %lu: cannot be put as %s\n", fault->number, campaign->placement);
        return 0;
    }
    const uint64_t restarts = statistic(fault->instance, "restarts");
    const uint64_t shown = restarts + statistic(fault->instance, "activated");
    const uint64_t before = complaints, wrong = wrong_blocks;
    printf("inject %lu %s %s\n", fault->number, fault->kind, fault->instance);
    fflush(stdout);
    tcdrain(1);
    for (int change = 0; change < campaign->changes; change++) {
        char order[64];
        snprintf(order, sizeof order, "%s %lu", fault->kind,
                 (campaign->seed + fault->number) * most_changes + change);
        const int done = write_text(fault->instance, "inject", order);
        if (!done && (errno == ENODEV || errno == ENOENT)) {
            printf("skip %lu\n", fault->number); // it has nothing of that kind
            return 1;
        }
        if (change + 1 < campaign->changes && (!done || has_shown(fault->instance, shown)))
            break;
    }
    const int activated = wait_for(has_shown, fault->instance, shown, campaign->exposure);
    const uint64_t answered = statistic(fault->instance, "answered");
    int recovered = wait_for(has_answered, fault->instance, answered, patience);
    if (statistic(fault->instance, "restarts") == restarts)
        recovered = renew(fault->instance) && recovered;
    recovered = recovered && put(fault->instance, campaign->placement);
    printf("done %lu activated %d recovered %d errors %lu wrong %lu\n", fault->number, activated,
           recovered, complaints - before - (wrong_blocks - wrong), wrong_blocks - wrong);
    fflush(stdout);
    return recovered;
}

static void run_campaign(const struct campaign *campaign, uint64_t from, uint64_t to) {
    struct disk_load loads[] = {
        {.path = "/dev/vdb", .first = 0, .count = disk_blocks},
        {.path = "/dev/ram0", .first = 0, .count = disk_blocks},
    };
    enum { load_count = sizeof loads / sizeof *loads };
    struct file_load files = {.folder = "/mnt"};
    if (mount("/dev/vda", "/mnt", "ext4", 0, NULL) != 0) {
        printf("stuck %lu: no mount: %s\n", from, strerror(errno));
        return;
    }
    pthread_t threads[load_count + 1];
    for (int i = 0; i < load_count; i++) {
        loads[i].versions = calloc(loads[i].count, sizeof *loads[i].versions);
        pthread_create(&threads[i], NULL, use_disk, &loads[i]);
    }
    pthread_create(&threads[load_count], NULL, use_files, &files);
    for (uint64_t i = from; i < to; i++) {
        const struct fault fault = {
            .number = i,
            .kind = campaign->kinds[i % campaign->kind_count],
            .instance = campaign->instances[i / campaign->kind_count % campaign->instance_count],
        };
        if (!make_fault(campaign, &fault))
            return; // the host starts the machine again
    }
    const uint64_t wrong = wrong_blocks;
    stop = 1;
    for (int i = 0; i < load_count + 1; i++)
        pthread_join(threads[i], NULL);
    const int unmounted = umount("/mnt") == 0;
    printf("ended unmounted %d wrong %lu\n", unmounted, wrong_blocks - wrong);
}

// FROM TO SEED PLACEMENT CHANGES EXPOSURE_MS KINDS INSTANCES (lists by commas)
int main(int count, char **words) {
    prepare();
    if (count == 9) {
        struct campaign campaign = {.seed = strtoul(words[3], NULL, 10),
                                    .placement = words[4],
                                    .changes = atoi(words[5]),
                                    .exposure = strtoul(words[6], NULL, 10) * 1000};
        campaign.kind_count = split(words[7], campaign.kinds, most_kinds);
        campaign.instance_count = split(words[8], campaign.instances, most_instances);
        run_campaign(&campaign, strtoul(words[1], NULL, 10), strtoul(words[2], NULL, 10));
    }
    fflush(stdout);
    tcdrain(1);
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
