// SPDX-License-Identifier: BSD-2-Clause
// Programs' view of disks and files while components are moved, killed or broken: what
// was written is known, and what is read is compared. Every thread owns its blocks and files.
#pragma once

#include <stdatomic.h>
#include <stdint.h>
#include <stddef.h>

enum { block_size = 4096, most_instances = 32 };

extern atomic_int stop;             // ends the threads below
extern atomic_ulong complaints;     // of a program: errors and wrong bytes; the first few in words
extern atomic_ulong wrong_blocks;   // of them: what is read is not what was written
extern int passed, failed;

// Prints "pass" or "FAIL" with the words, and counts.
__attribute__((format(printf, 2, 3))) void result(int good, const char *pattern, ...);
__attribute__((format(printf, 1, 2))) void complain(const char *pattern, ...);
uint64_t next_random(uint64_t *state);

// A share of a raw device's blocks.
struct disk_load {
    const char *path;
    uint64_t first, count;
    atomic_ulong rounds;
    uint32_t *versions;
};
void *use_disk(void *disk_load);

struct file_load {
    const char *folder;
    atomic_ulong rounds;
};
void *use_files(void *file_load);

// --- components, by /sys/pith/components/INSTANCE/FILE. 0: it could not be done, errno says why.

int read_text(const char *instance, const char *file, char *to, size_t size);
int write_text(const char *instance, const char *file, const char *text);
uint64_t statistic(const char *instance, const char *name);
int is_running(const char *instance);
int wait_until_running(const char *instance); // ten seconds at most

// --- process 1

void prepare(void); // mounts what there always is
// "a,b,c" into words, in place.
int split(char *text, char **words, int most);
