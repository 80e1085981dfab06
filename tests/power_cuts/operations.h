/* SPDX-License-Identifier: BSD-2-Clause */
/* What the guest does to its volume and the host expects of it: the same list on both sides. C, and
   C++ as well. Files d0/f0 to d2/f20, d(n % 3)/f(n); each content says which operation made it. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { power_cut_names = 21, power_cut_most_bytes = 40000 };
/* Where on the disk the guest keeps its record, behind the volume: one sector. */
#define POWER_CUT_VOLUME (16ull << 20)
#define POWER_CUT_MAGIC 0x747563726577706full

/* `begun` may have happened, all up to `durable` must have. */
struct power_cut_record {
    uint64_t magic;
    uint64_t begun;
    uint64_t durable;
    uint8_t padding[488];
};

enum power_cut_kind { power_cut_replace, power_cut_unlink, power_cut_rename };

struct power_cut_operation {
    enum power_cut_kind kind;
    uint32_t name;
    uint32_t other; /* rename: the new name */
    uint32_t size;  /* replace */
    int is_synced;  /* its folders are synced, too */
};

static inline struct power_cut_operation power_cut_operation_at(uint64_t number) {
    uint64_t value = number * 0x9e3779b97f4a7c15ull;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ull;
    value = (value ^ value >> 27) * 0x94d049bb133111ebull;
    value ^= value >> 31;
    struct power_cut_operation made;
    const uint32_t kind = (uint32_t)(value & 7);
    made.kind = kind < 5 ? power_cut_replace : kind < 6 ? power_cut_unlink : power_cut_rename;
    made.name = (uint32_t)(value >> 8 & 0xff) % power_cut_names;
    made.other = (uint32_t)(value >> 16 & 0xff) % power_cut_names;
    made.size = 20 + (uint32_t)(value >> 24 & 0xffff) % (power_cut_most_bytes - 20);
    made.is_synced = (value >> 40 & 3) == 0;
    return made;
}

static inline void power_cut_path(char path[16], uint32_t name) {
    snprintf(path, 16, "d%u/f%u", name % 3, name);
}

/* Bytes of the file that operation `number` makes. */
static inline void power_cut_fill(char* bytes, uint32_t size, uint64_t number) {
    for (uint32_t at = 0; at < size; at++)
        bytes[at] = (char)('a' + (number * 7 + at / 509) % 26);
    char head[20];
    snprintf(head, sizeof head, "%18llu", (unsigned long long)number);
    memcpy(bytes, head, 18);
}
