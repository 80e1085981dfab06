// SPDX-License-Identifier: BSD-2-Clause
// What the groups of measurements share: rows, the clock, system calls without a library between.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// One row. `set_up` yields 0 or the errno that makes the row unavailable. `run` does `count`
// operations and yields the ticks they took; it leaves out what is not the operation.
struct row {
    const char *key;  // as in targets.tsv
    int (*set_up)(void);
    uint64_t (*run)(int count);
    void (*tear_down)(void);  // may be NULL
    int count;                // operations in a batch
    int per;                  // divide by this as well, such as by pages; 0 stands for 1
};

extern const struct row call_rows[], file_rows[], event_rows[], message_rows[];
extern const struct row memory_rows[], process_rows[], signal_rows[], block_rows[];

static inline uint64_t ticks(void) {
    uint32_t low, high;
    __asm__ volatile("lfence\n rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline long call3(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

// NOPs that tell the profiler (bench/profile) where what is measured begins and ends.
#define OPEN_MARK() __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .ascii \"open\"")
#define SHUT_MARK() __asm__ volatile(".byte 0x0f, 0x1f, 0x80; .ascii \"shut\"")

// Measures a loop of `count` times the statement.
#define TIMED(count, statement)                \
    ({                                         \
        uint64_t begin_ = ticks();             \
        OPEN_MARK();                           \
        for (int i_ = 0; i_ < (count); i_++) { \
            statement;                         \
        }                                      \
        SHUT_MARK();                           \
        ticks() - begin_;                      \
    })

// Ends the program: a measurement went wrong in the middle.
__attribute__((noreturn)) void die(const char *what);

#define MUST(condition)     \
    do {                    \
        if (!(condition))   \
            die(#condition); \
    } while (0)
