// SPDX-License-Identifier: BSD-2-Clause
// Calls that do next to nothing: the price of entering the kernel.
#include "bench.h"

#include <fcntl.h>
#include <time.h>

static int zero;

static int open_zero(void) {
    zero = open("/dev/zero", O_RDONLY);
    return zero < 0 ? errno : 0;
}

static uint64_t run_getppid(int count) {
    return TIMED(count, call3(SYS_getppid, 0, 0, 0));
}

static uint64_t run_read_zero(int count) {
    char byte;
    return TIMED(count, call3(SYS_read, zero, (long)&byte, 1));
}

static uint64_t run_getrandom(int count) {
    char bytes[16];
    return TIMED(count, call3(SYS_getrandom, (long)bytes, sizeof bytes, 0));
}

static int check_getrandom(void) {
    char byte;
    long result = call3(SYS_getrandom, (long)&byte, 1, 0);
    return result < 0 ? (int)-result : 0;
}

static uint64_t run_clock(int count) {
    struct timespec now;
    return TIMED(count, clock_gettime(CLOCK_MONOTONIC, &now));
}

static uint64_t run_yield(int count) {
    return TIMED(count, call3(SYS_sched_yield, 0, 0, 0));
}

const struct row call_rows[] = {
    {.key = "getppid", .run = run_getppid, .count = 1000},
    {.key = "read_zero_1", .set_up = open_zero, .run = run_read_zero, .count = 1000},
    {.key = "getrandom_16", .set_up = check_getrandom, .run = run_getrandom, .count = 1000},
    {.key = "sched_yield", .run = run_yield, .count = 1000},
    {.key = "clock_gettime_vdso", .run = run_clock, .count = 1000},
    {0},
};
