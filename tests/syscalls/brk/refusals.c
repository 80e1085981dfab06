// SPDX-License-Identifier: BSD-2-Clause
// brk answers the old break when it cannot: below the start, over a mapping, over the limit.
#include "../test.h"

static void test(void) {
    long start = syscall(SYS_brk, 0L);
    long base = (start + PAGE - 1) & -PAGE;
    CHECK(syscall(SYS_brk, 1L) == start);
    void *wall = mmap((void *)(base + 4 * PAGE), PAGE, PROT_READ,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    REQUIRE(wall != MAP_FAILED);
    CHECK(syscall(SYS_brk, base + 16 * PAGE) == start);
    CHECK(syscall(SYS_brk, base + PAGE) == base + PAGE);
    CHECK(syscall(SYS_brk, -1L) == base + PAGE);
    IS(munmap(wall, PAGE), 0);
    struct rlimit limit = {PAGE * 4, PAGE * 4};
    IS(setrlimit(RLIMIT_DATA, &limit), 0);
    CHECK(syscall(SYS_brk, base + 64 * PAGE) == base + PAGE);
}
