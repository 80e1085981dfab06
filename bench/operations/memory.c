// SPDX-License-Identifier: BSD-2-Clause
//
// Page faults and mappings.

#include "operation.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { page_size = 4096, pages = 1024, area = pages * page_size };

static char* map(void) {
    return mmap(NULL, area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void touch(char* base) {
    for (unsigned page = 0; page < pages; ++page) {
        ((volatile char*)base)[(size_t)page * page_size] = 1;
    }
}

static char* g_area = MAP_FAILED;

// Small pages, so that each touch is a fault of its own.
static int prepare_small_pages(void) {
    g_area = map();
    if (g_area == MAP_FAILED) {
        return outcome(-1);
    }
    madvise(g_area, area, MADV_NOHUGEPAGE);
    return 0;
}

static int prepare_touched(void) {
    int failed = prepare_small_pages();
    if (failed == 0) {
        touch(g_area);
    }
    return failed;
}

static void unmap(void) { munmap(g_area, area); }

static int fault_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        if (madvise(g_area, area, MADV_DONTNEED) != 0) {
            return outcome(-1);
        }
        touch(g_area);
    }
    return 0;
}

// The child writes to every page that the parent has touched: fork and exit are in the count.
static int copy_on_write_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        pid_t pid = fork();
        if (pid == 0) {
            touch(g_area);
            _exit(0);
        }
        if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
            return outcome(-1);
        }
    }
    return 0;
}

static int map_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        char* base = map();
        if (base == MAP_FAILED) {
            return outcome(-1);
        }
        touch(base);
        munmap(base, area);
    }
    return 0;
}

static int protect_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        if (mprotect(g_area + 8 * page_size, page_size, PROT_READ) != 0 ||
            mprotect(g_area + 8 * page_size, page_size, PROT_READ | PROT_WRITE) != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static const struct operation operations[] = {
    {"anonymous_fault", fault_run, 8, pages, prepare_small_pages, unmap},
    {"copy_on_write_fault", copy_on_write_run, 8, pages, prepare_touched, unmap},
    {"map_touch_unmap_4m", map_run, 16, 1, NULL, NULL},
    {"mprotect_both_ways", protect_run, 500, 1, prepare_touched, unmap},
};
const struct operation_list memory_operations = {operations,
                                                 sizeof operations / sizeof *operations};
