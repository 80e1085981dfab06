// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the guest share: how results are told, the loads, and components as /sys/pith
// shows them. Every line of the result begins with "pass", "FAIL", "count", or names data that the
// host compares: "hash", "disk", "stream", "rows", "restart".
#pragma once

#include <pthread.h>

#include "load.h"

enum { most_placements = 8 };

uint64_t nanoseconds(void); // storm.c

// --- loads: each runs in a thread of its own until `stop`, then looks at all it wrote

struct stream_load { // streams.c
    const char *path;
    atomic_ulong bytes;
};
void *use_stream(void *stream_load);

struct program_load { // programs.c: Debian's programs below `root`
    const char *root;
    atomic_ulong rounds;
    uint64_t rows; // acknowledged transactions
};
void *use_sqlite(void *program_load);
void *use_tree(void *program_load);
// What the tree is before anything happens to it; 0 if it cannot be read.
int remember_tree(const char *root);

// All of them at once (loads.c).
void start_loads(void);
// Each has done enough to say that it was there.
int loads_have_worked(void);
void stop_loads(void);
void judge_loads(void);

// --- scenarios

struct scene {
    char *placements[most_placements];
    int placement_count;
    char *instances[most_instances];
    int instance_count;
};
void compare_homes(const struct scene *scene);                                // homes.c
void kill_under_load(const struct scene *scene, uint64_t count);              // storm.c
void move_under_load(const struct scene *scene, uint64_t count, uint64_t most); // storm.c
void measure_restarts(const struct scene *scene);                             // restart.c
