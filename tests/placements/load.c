// SPDX-License-Identifier: BSD-2-Clause
// The verified load of this folder's guests, and their way to components.
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

#include "load.h"

atomic_int stop;
atomic_ulong complaints, wrong_blocks;
int passed, failed;

void result(int good, const char *pattern, ...) {
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
void complain(const char *pattern, ...) {
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

uint64_t next_random(uint64_t *state) {
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
    atomic_fetch_add(&wrong_blocks, 1);
    load->versions[i] = 0; // told once
    return 0;
}

void *use_disk(void *argument) {
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
        const int good = pwrite(file, blocks, run * block_size, at) == (ssize_t)(run * block_size);
        if (!good)
            complain("%s: write of block %lu failed", load->path, load->first + i);
        for (uint64_t k = 0; k < run; k++)
            load->versions[i + k] = good ? blocks[k].version : 0; // 0: nobody knows
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

static void check_file(const char *path, uint64_t number, uint64_t version, uint64_t count) {
    static _Thread_local struct block block;
    const int file = open(path, O_RDONLY);
    if (file < 0) {
        complain("%s: is gone", path);
        if (errno == ENOENT)
            atomic_fetch_add(&wrong_blocks, 1);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        if (read(file, &block, block_size) != block_size ||
            !is_right(&block, number + i, version))
            complain("%s: block %lu is wrong", path, i), atomic_fetch_add(&wrong_blocks, 1);
    close(file);
}

// 0 if nobody knows what the file holds now.
static int write_file(int file, uint64_t number, uint64_t version, uint64_t count) {
    static struct block block;
    for (uint64_t i = 0; i < count; i++) {
        fill(&block, number + i, version);
        if (write(file, &block, block_size) != block_size) {
            complain("a file's write failed");
            return 0;
        }
    }
    if (fsync(file) == 0)
        return 1;
    complain("a file's fsync failed");
    return 0;
}

// Writes a new file, syncs it, renames it over the old one, reads it back; drops caches at times.
void *use_files(void *argument) {
    struct file_load *load = argument;
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
        counts[n] = write_file(file, n * 1000, versions[n] + 1, count) ? count : 0;
        close(file);
        if (rename(fresh, kept) != 0)
            complain("%s: rename failed", fresh), counts[n] = 0;
        versions[n]++;
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

// --- components

int read_text(const char *instance, const char *file, char *to, size_t size) {
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

int write_text(const char *instance, const char *file, const char *text) {
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

uint64_t statistic(const char *instance, const char *name) {
    char text[1000];
    if (!read_text(instance, "statistics", text, sizeof text))
        return 0;
    const size_t length = strlen(name);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            return strtoul(line + length, NULL, 10);
    return 0;
}

int is_running(const char *instance) {
    char state[32];
    return read_text(instance, "state", state, sizeof state) && strcmp(state, "running") == 0;
}

int wait_until_running(const char *instance) {
    for (int i = 0; i < 20000; i++) {
        if (is_running(instance))
            return 1;
        usleep(500);
    }
    return 0;
}

void prepare(void) {
    const char *folders[] = {"/proc", "/sys", "/dev", "/mnt"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        mkdir(folders[i], 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("sysfs", "/sys", "sysfs", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

// "a,b,c" into words, in place.
int split(char *text, char **words, int most) {
    int count = 0;
    for (char *word = strtok(text, ","); word && count < most; word = strtok(NULL, ","))
        words[count++] = word;
    return count;
}
