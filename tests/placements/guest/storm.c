// SPDX-License-Identifier: BSD-2-Clause
// Kills at ten a second and moves without a break, under all loads.
#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// A storm goes on until every load has worked in it, but not for ever.
enum { kill_interval_us = 100000, most_more = 400 };

uint64_t nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t done[most_instances];

// Kills one that runs: another may still be starting from its last end.
static void kill_one(const struct scene *scene, uint64_t *random, uint64_t *refused) {
    while (1) {
        const int which = (int)(next_random(random) % (uint64_t)scene->instance_count);
        if (write_text(scene->instances[which], "control", "kill")) {
            done[which]++;
            return;
        }
        if (errno != EBUSY)
            complain("%s: kill is refused", scene->instances[which]);
        ++*refused;
        usleep(1000);
    }
}

static void judge_kills(const struct scene *scene) {
    for (int i = 0; i < scene->instance_count; i++) {
        const char *name = scene->instances[i];
        result(wait_until_running(name), "%s runs in the end", name);
        const uint64_t restarts = statistic(name, "restarts");
        result(restarts == done[i] && statistic(name, "kills") == done[i],
               "%s: %lu kills, %lu restarts, %lu requests repeated", name, done[i], restarts,
               statistic(name, "repeated"));
        result(statistic(name, "convicted") == 0, "%s: no request was given up", name);
        printf("count kills %s %lu last_recovery_us %lu\n", name, done[i],
               statistic(name, "last_recovery_ns") / 1000);
    }
}

// An operator's kill changes no placement, whichever it is.
void kill_under_load(const struct scene *scene, uint64_t count) {
    char before[most_instances][32], after[32];
    start_loads();
    for (int i = 0; i < scene->instance_count; i++)
        read_text(scene->instances[i], "placement", before[i], sizeof before[i]);
    uint64_t random = 99, refused = 0;
    const uint64_t begin = nanoseconds();
    uint64_t due = begin;
    uint64_t kills = 0;
    for (; kills < count || (kills < count + most_more && !loads_have_worked()); kills++) {
        kill_one(scene, &random, &refused);
        due += kill_interval_us * 1000;
        const uint64_t now = nanoseconds();
        if (due > now)
            usleep((useconds_t)((due - now) / 1000));
    }
    printf("count %lu kills in %lu ms, %lu came while it still started\n", kills,
           (nanoseconds() - begin) / 1000000, refused);
    for (int i = 0; i < scene->instance_count; i++)
        wait_until_running(scene->instances[i]);
    for (int i = 0; i < scene->instance_count; i++) {
        read_text(scene->instances[i], "placement", after, sizeof after);
        result(strcmp(before[i], after) == 0, "%s stayed %s", scene->instances[i], after);
    }
    judge_kills(scene);
    stop_loads();
    judge_loads();
}

// --- moves

struct pauses {
    uint64_t *executed, *elapsed; // nanoseconds, one of each for each move
    uint64_t count;
};

static int by_size(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t part_of(const uint64_t *sorted, uint64_t count, uint64_t percent) {
    return count == 0 ? 0 : sorted[(count - 1) * percent / 100];
}

static void tell_pauses(const char *name, struct pauses *pauses) {
    qsort(pauses->executed, pauses->count, sizeof(uint64_t), by_size);
    qsort(pauses->elapsed, pauses->count, sizeof(uint64_t), by_size);
    printf("count moves %s %lu; executed: p50 %lu p99 %lu most %lu; elapsed ns: p50 %lu p99 %lu "
           "most %lu\n",
           name, pauses->count, part_of(pauses->executed, pauses->count, 50),
           part_of(pauses->executed, pauses->count, 99),
           part_of(pauses->executed, pauses->count, 100),
           part_of(pauses->elapsed, pauses->count, 50), part_of(pauses->elapsed, pauses->count, 99),
           part_of(pauses->elapsed, pauses->count, 100));
}

static struct pauses make_pauses(uint64_t count) {
    return (struct pauses){calloc(count, sizeof(uint64_t)), calloc(count, sizeof(uint64_t)), 0};
}

static void note_pause(struct pauses *pauses, uint64_t executed, uint64_t elapsed) {
    pauses->executed[pauses->count] = executed;
    pauses->elapsed[pauses->count++] = elapsed;
}

// Moves it somewhere else.
static int move_one(const struct scene *scene, const char *instance, uint64_t *random) {
    const char *to =
        scene->placements[next_random(random) % (uint64_t)scene->placement_count];
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

static void judge_moves(const struct scene *scene) {
    for (int i = 0; i < scene->instance_count; i++) {
        const char *name = scene->instances[i];
        result(wait_until_running(name), "%s runs in the end", name);
        const uint64_t restarts = statistic(name, "restarts"), moves = statistic(name, "moves");
        result(moves == done[i] && restarts == 0, "%s: %lu moves, %lu restarts", name, moves,
               restarts);
        result(statistic(name, "convicted") == 0, "%s: no request was given up", name);
    }
}

// `most`: what 99 of 100 pauses may execute; 0: no limit.
void move_under_load(const struct scene *scene, uint64_t count, uint64_t most) {
    struct pauses all = make_pauses(count), each[most_instances];
    for (int i = 0; i < scene->instance_count; i++)
        each[i] = make_pauses(count);
    start_loads();
    uint64_t random = 99;
    while (all.count < count) {
        const int which = (int)(next_random(&random) % (uint64_t)scene->instance_count);
        const char *name = scene->instances[which];
        if (move_one(scene, name, &random)) {
            done[which]++;
            const uint64_t executed = statistic(name, "last_pause_busy_ns");
            const uint64_t elapsed = statistic(name, "last_pause_ns");
            note_pause(&all, executed, elapsed);
            note_pause(&each[which], executed, elapsed);
        }
        usleep(1000 + next_random(&random) % 8000);
    }
    for (int i = 0; i < scene->instance_count; i++)
        tell_pauses(scene->instances[i], &each[i]);
    tell_pauses("all", &all);
    if (most != 0)
        result(part_of(all.executed, count, 99) <= most,
               "99 of 100 pauses execute no more than %lu instructions", most);
    judge_moves(scene);
    stop_loads();
    judge_loads();
}
