// SPDX-License-Identifier: BSD-2-Clause
// Process 1 of tests/placements/run.py: verified load on disks, files and a console while
// components are moved or killed. Every line of the result begins with "pass", "FAIL" or "count".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
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

enum { block_size = 4096, most_instances = 32 };

static atomic_int stop;
static atomic_ulong complaints;
static int passed, failed;

static void result(int good, const char *pattern, ...) {
    va_list list;
    va_start(list, pattern);
    printf(good ? "pass " : "FAIL ");
    vprintf(pattern, list);
    printf("\n");
    fflush(stdout);
    va_end(list);
    passed += good;
    failed += !good;
}

// What a program sees go wrong; the first few in words.
static void complain(const char *pattern, ...) {
    if (atomic_fetch_add(&complaints, 1) >= 10)
        return;
    char text[256];
    va_list list;
    va_start(list, pattern);
    vsnprintf(text, sizeof text, pattern, list);
    va_end(list);
    printf("FAIL %s (errno %d)\n", text, errno);
    fflush(stdout);
}

static uint64_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

// --- blocks that know who they are

struct block {
    uint64_t number, version, seed;
    uint64_t words[block_size / 8 - 4];
    uint64_t sum;
};

static uint64_t sum_of(const struct block *block) {
    const uint64_t *words = (const uint64_t *)block;
    uint64_t sum = 0x9e3779b97f4a7c15;
    for (size_t i = 0; i < block_size / 8 - 1; i++)
        sum = (sum ^ words[i]) * 0x100000001b3;
    return sum;
}

static void fill(struct block *block, uint64_t number, uint64_t version) {
    block->number = number;
    block->version = version;
    block->seed = number * 31 + version;
    uint64_t state = block->seed;
    for (size_t i = 0; i < sizeof block->words / 8; i++)
        block->words[i] = next_random(&state);
    block->sum = sum_of(block);
}

static int is_right(const struct block *block, uint64_t number, uint64_t version) {
    return block->number == number && block->version == version && block->sum == sum_of(block);
}

// --- load on a raw device: one thread, a share of its blocks, nobody else's

struct disk_load {
    const char *path;
    uint64_t first, count;
    uint64_t rounds;
    uint32_t *versions;
};

static int check_block(int file, struct block *block, const struct disk_load *load, uint64_t i) {
    const off_t at = (off_t)((load->first + i) * block_size);
    if (pread(file, block, block_size, at) != block_size) {
        complain("%s: read of block %lu failed", load->path, load->first + i);
        return 0;
    }
    if (load->versions[i] == 0 || is_right(block, load->first + i, load->versions[i]))
        return 1;
    complain("%s: block %lu is version %lu of block %lu, not %u", load->path, load->first + i,
             block->version, block->number, load->versions[i]);
    return 0;
}

static void *use_disk(void *argument) {
    struct disk_load *load = argument;
    const int file = open(load->path, O_RDWR | O_DIRECT);
    if (file < 0) {
        complain("%s: cannot be opened", load->path);
        return NULL;
    }
    struct block *blocks = aligned_alloc(block_size, 8 * block_size);
    uint64_t random = load->first + 1;
    while (!stop) {
        const uint64_t run = 1 + next_random(&random) % 8;
        const uint64_t i = next_random(&random) % (load->count - run);
        for (uint64_t k = 0; k < run; k++)
            fill(&blocks[k], load->first + i + k, load->versions[i + k] + 1);
        const off_t at = (off_t)((load->first + i) * block_size);
        if (pwrite(file, blocks, run * block_size, at) != (ssize_t)(run * block_size))
            complain("%s: write of block %lu failed", load->path, load->first + i);
        else
            for (uint64_t k = 0; k < run; k++)
                load->versions[i + k]++;
        check_block(file, blocks, load, next_random(&random) % load->count);
        if (load->rounds % 64 == 0 && fsync(file) != 0)
            complain("%s: fsync failed", load->path);
        load->rounds++;
    }
    for (uint64_t i = 0; i < load->count; i++)
        check_block(file, blocks, load, i);
    if (fsync(file) != 0)
        complain("%s: the last fsync failed", load->path);
    free(blocks);
    close(file);
    return NULL;
}

// --- load on files

struct file_load {
    const char *folder;
    uint64_t rounds;
};

static void check_file(const char *path, uint64_t number, uint64_t version, uint64_t count) {
    static _Thread_local struct block block;
    const int file = open(path, O_RDONLY);
    if (file < 0) {
        complain("%s: is gone", path);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        if (read(file, &block, block_size) != block_size ||
            !is_right(&block, number + i, version))
            complain("%s: block %lu is wrong", path, i);
    close(file);
}

// Writes a new file, syncs it, renames it over the old one, reads it back; drops caches at times.
static void *use_files(void *argument) {
    struct file_load *load = argument;
    static struct block block;
    char fresh[96], kept[96];
    uint64_t random = 5, versions[16] = {0}, counts[16] = {0};
    while (!stop) {
        const uint64_t n = next_random(&random) % 16, count = 1 + next_random(&random) % 12;
        snprintf(fresh, sizeof fresh, "%s/fresh%lu", load->folder, n);
        snprintf(kept, sizeof kept, "%s/kept%lu", load->folder, n);
        const int file = open(fresh, O_RDWR | O_CREAT | O_TRUNC, 0600);
        if (file < 0) {
            complain("%s: cannot be made", fresh);
            continue;
        }
        for (uint64_t i = 0; i < count; i++) {
            fill(&block, n * 1000 + i, versions[n] + 1);
            if (write(file, &block, block_size) != block_size)
                complain("%s: write failed", fresh);
        }
        if (fsync(file) != 0)
            complain("%s: fsync failed", fresh);
        close(file);
        if (rename(fresh, kept) != 0)
            complain("%s: rename failed", fresh);
        versions[n]++;
        counts[n] = count;
        const uint64_t other = next_random(&random) % 16;
        if (counts[other] != 0) {
            snprintf(kept, sizeof kept, "%s/kept%lu", load->folder, other);
            check_file(kept, other * 1000, versions[other], counts[other]);
        }
        if (load->rounds % 7 == 3 && mkdir(fresh, 0700) == 0 && rmdir(fresh) != 0)
            complain("%s: rmdir failed", fresh);
        load->rounds++;
    }
    for (uint64_t n = 0; n < 16; n++) {
        snprintf(kept, sizeof kept, "%s/kept%lu", load->folder, n);
        if (counts[n] != 0)
            check_file(kept, n * 1000, versions[n], counts[n]);
    }
    return NULL;
}

// --- load on a console: lines with numbers, which the host counts

static uint64_t lines;

static void *use_console(void *argument) {
    FILE *console = fopen(argument, "w");
    if (!console) {
        complain("%s: cannot be opened", (char *)argument);
        return NULL;
    }
    while (!stop) {
        if (fprintf(console, "line %lu\n", lines) < 0 || fflush(console) != 0)
            complain("%s: write failed", (char *)argument);
        lines++;
        usleep(2000);
    }
    fprintf(console, "lines %lu\n", lines);
    fclose(console);
    return NULL;
}

// --- components

static int read_text(const char *instance, const char *file, char *to, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "/sys/pith/components/%s/%s", instance, file);
    const int opened = open(path, O_RDONLY);
    if (opened < 0)
        return 0;
    const ssize_t length = read(opened, to, size - 1);
    close(opened);
    if (length < 0)
        return 0;
    to[length] = 0;
    if (length > 0 && to[length - 1] == '\n')
        to[length - 1] = 0;
    return 1;
}

static int write_text(const char *instance, const char *file, const char *text) {
    char path[128];
    snprintf(path, sizeof path, "/sys/pith/components/%s/%s", instance, file);
    const int opened = open(path, O_WRONLY);
    if (opened < 0)
        return 0;
    const ssize_t done = write(opened, text, strlen(text));
    const int error = errno;
    close(opened);
    errno = error;
    return done == (ssize_t)strlen(text);
}

static uint64_t statistic(const char *instance, const char *name) {
    char text[1000];
    if (!read_text(instance, "statistics", text, sizeof text))
        return 0;
    const size_t length = strlen(name);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoul(line + length, NULL, 10);
    return 0;
}

static int is_running(const char *instance) {
    char state[32];
    return read_text(instance, "state", state, sizeof state) && strcmp(state, "running") == 0;
}

static int wait_until_running(const char *instance) {
    for (int i = 0; i < 20000; i++) {
        if (is_running(instance))
            return 1;
        usleep(500);
    }
    return 0;
}

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

static void prepare(void) {
    const char *folders[] = {"/proc", "/sys", "/dev", "/mnt"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(folders[i], 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

// "a,b,c" into words, in place.
static int split(char *text, char **words, int most) {
    int count = 0;
    for (char *word = strtok(text, ","); word && count < most; word = strtok(NULL, ","))
        words[count++] = word;
    return count;
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
