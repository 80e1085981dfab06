// SPDX-License-Identifier: BSD-2-Clause
// Files in tmpfs: names, attributes, cached reads.
#include "bench.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { page = 4096, file_pages = 256, read_pages = 16 };

static const char *const path = "/tmp/bench-file";
static int fd;
static char buffer[file_pages * page] __attribute__((aligned(page)));

static int make_file(void) {
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        return errno;
    memset(buffer, 'x', sizeof buffer);
    MUST(write(fd, buffer, sizeof buffer) == sizeof buffer);
    return 0;
}

static void remove_file(void) {
    close(fd);
    unlink(path);
}

// As glibc 2.36 does fstat.
static uint64_t run_fstat(int count) {
    struct stat status;
    return TIMED(count, call6(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0));
}

static uint64_t run_fstat_plain(int count) {
    struct stat status;
    return TIMED(count, call3(SYS_fstat, fd, (long)&status, 0));
}

static uint64_t run_stat(int count) {
    struct stat status;
    return TIMED(count, call6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&status, 0, 0, 0));
}

static uint64_t run_open_close(int count) {
    return TIMED(count, {
        long opened = call6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY, 0, 0, 0);
        call3(SYS_close, opened, 0, 0);
    });
}

static uint64_t run_create(int count) {
    static const char name[] = "/tmp/bench-new";
    return TIMED(count, {
        long made = call6(SYS_openat, AT_FDCWD, (long)name, O_RDWR | O_CREAT, 0600, 0, 0);
        call3(SYS_close, made, 0, 0);
        call3(SYS_unlink, (long)name, 0, 0);
    });
}

static uint64_t run_pread(int count) {
    return TIMED(count, call6(SYS_pread64, fd, (long)buffer, page, 0, 0, 0));
}

// Reads of 64 KiB.
static uint64_t run_read_large(int count) {
    return TIMED(count, call6(SYS_pread64, fd, (long)buffer, read_pages * page, 0, 0, 0));
}

static uint64_t run_write(int count) {
    return TIMED(count, call6(SYS_pwrite64, fd, (long)buffer, page, 0, 0, 0));
}

static uint64_t run_map_file(int count) {
    uint64_t taken = 0;
    for (int i = 0; i < count; i++) {
        char *at = mmap(NULL, sizeof buffer, PROT_READ, MAP_PRIVATE, fd, 0);
        MUST(at != MAP_FAILED);
        taken += TIMED(file_pages, (void)*(volatile char *)(at + (long)i_ * page));
        munmap(at, sizeof buffer);
    }
    return taken;
}

#define FILE_ROW(name, function, number, divisor)                                     \
    {.key = name, .set_up = make_file, .run = function, .tear_down = remove_file,     \
     .count = number, .per = divisor}

const struct row file_rows[] = {
    FILE_ROW("fstat", run_fstat, 300, 1),
    FILE_ROW("fstat_plain", run_fstat_plain, 300, 1),
    FILE_ROW("stat", run_stat, 300, 1),
    FILE_ROW("open_close", run_open_close, 200, 1),
    FILE_ROW("create_close_unlink", run_create, 100, 1),
    FILE_ROW("pread_4k", run_pread, 300, 1),
    FILE_ROW("read_cached_per_4k", run_read_large, 50, read_pages),
    FILE_ROW("pwrite_4k", run_write, 300, 1),
    FILE_ROW("file_fault_per_page", run_map_file, 4, file_pages),
    {0},
};
