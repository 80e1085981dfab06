// SPDX-License-Identifier: BSD-2-Clause
// Requests to a RAM disk, whose driver is a component: one at a time, and many at once.
#include "bench.h"

#include <fcntl.h>
#include <pthread.h>

enum { sector = 512, burst = 32 };

static int fd;
static char buffer[sector] __attribute__((aligned(sector)));

static int open_disk(void) {
    fd = open("/dev/ram0", O_RDONLY | O_DIRECT);
    return fd < 0 ? errno : 0;
}
static void close_disk(void) { close(fd); }

static uint64_t run_read(int count) {
    return TIMED(count, call6(SYS_pread64, fd, (long)buffer, sector, 0, 0, 0));
}

// The same from many threads, which all have a request under way.
static void *read_many(void *count) {
    char own[2 * sector];
    char *at = (char *)(((uintptr_t)own + sector - 1) & -(uintptr_t)sector);
    for (long i = 0; i < (long)count; i++)
        MUST(call6(SYS_pread64, fd, (long)at, sector, 0, 0, 0) == sector);
    return NULL;
}

static uint64_t run_burst(int count) {
    pthread_t threads[burst];
    uint64_t begin = ticks();
    OPEN_MARK();
    for (int n = 0; n < burst; n++)
        MUST(pthread_create(&threads[n], NULL, read_many, (void *)(long)count) == 0);
    for (int n = 0; n < burst; n++)
        pthread_join(threads[n], NULL);
    SHUT_MARK();
    return ticks() - begin;
}

const struct row block_rows[] = {
    {.key = "block_read_512", .set_up = open_disk, .run = run_read, .tear_down = close_disk,
     .count = 200},
    {.key = "block_burst_32", .set_up = open_disk, .run = run_burst, .tear_down = close_disk,
     .count = 100, .per = burst},
    {0},
};
