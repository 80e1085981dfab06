// SPDX-License-Identifier: BSD-2-Clause
// Page faults and changes of the address space.
#include "bench.h"

#include <sys/mman.h>
#include <sys/wait.h>

enum { page = 4096, pages = 256, four_mib = 4 << 20 };

static char *map(size_t size) {
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(at != MAP_FAILED);
    return at;
}

static uint64_t touch_all(char *at) {
    return TIMED(pages, *(volatile char *)(at + (long)i_ * page) = 1);
}

static uint64_t run_anonymous(int count) {
    uint64_t taken = 0;
    for (int i = 0; i < count; i++) {
        char *at = map(pages * page);
        madvise(at, pages * page, MADV_NOHUGEPAGE);
        taken += touch_all(at);
        munmap(at, pages * page);
    }
    return taken;
}

// The child writes to pages that it shares with its parent, which still has them.
static uint64_t run_copy_on_write(int count) {
    uint64_t *shared = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *at = map(pages * page);
    MUST(shared != MAP_FAILED);
    madvise(at, pages * page, MADV_NOHUGEPAGE);
    touch_all(at);
    *shared = 0;
    for (int i = 0; i < count; i++) {
        pid_t pid = fork();
        MUST(pid >= 0);
        if (pid == 0) {
            *shared += touch_all(at);
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    uint64_t taken = *shared;
    munmap(at, pages * page);
    munmap(shared, page);
    return taken;
}

static uint64_t run_map_touch_unmap(int count) {
    return TIMED(count, {
        char *at = map(four_mib);
        for (int j = 0; j < four_mib; j += page)
            *(volatile char *)(at + j) = 1;
        munmap(at, four_mib);
    });
}

static uint64_t run_map_unmap(int count) {
    return TIMED(count, {
        long at = call6(SYS_mmap, 0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
        call3(SYS_munmap, at, page, 0);
    });
}

static uint64_t run_brk(int count) {
    long start = call3(SYS_brk, 0, 0, 0);
    return TIMED(count, {
        call3(SYS_brk, start + 16 * page, 0, 0);
        call3(SYS_brk, start, 0, 0);
    });
}

static char *protected_area;

static int map_protected(void) {
    protected_area = map(pages * page);
    madvise(protected_area, pages * page, MADV_NOHUGEPAGE);
    touch_all(protected_area);
    return 0;
}

// One page in the middle of a mapping: it is split and joined again.
static uint64_t run_mprotect(int count) {
    long at = (long)protected_area + pages / 2 * page;
    return TIMED(count, {
        call3(SYS_mprotect, at, page, PROT_READ);
        call3(SYS_mprotect, at, page, PROT_READ | PROT_WRITE);
    });
}

const struct row memory_rows[] = {
    {.key = "fault_anonymous_per_page", .run = run_anonymous, .count = 4, .per = pages},
    {.key = "fault_copy_on_write_per_page", .run = run_copy_on_write, .count = 4, .per = pages},
    {.key = "mmap_touch_munmap_4m", .run = run_map_touch_unmap, .count = 3},
    {.key = "mmap_munmap_4k", .run = run_map_unmap, .count = 100},
    {.key = "brk_grow_shrink", .run = run_brk, .count = 100},
    {.key = "mprotect_back_and_forth", .set_up = map_protected, .run = run_mprotect, .count = 100},
    {0},
};
