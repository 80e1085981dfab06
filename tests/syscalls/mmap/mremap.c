// SPDX-License-Identifier: BSD-2-Clause
// mremap grows, moves, shrinks; refuses without MAYMOVE when there is no room.
#include "../test.h"

static void test(void) {
    char *area = map_pages(16);
    IS(munmap(area + 2 * PAGE, 2 * PAGE), 0);
    area[0] = 'a';
    area[PAGE] = 'b';
    CHECK(mremap(area, 2 * PAGE, 4 * PAGE, 0) == area);
    IS(area[3 * PAGE], 0);
    FAILS(mremap(area, 4 * PAGE, 8 * PAGE, 0), ENOMEM);
    CHECK(mremap(area, 4 * PAGE, 2 * PAGE, 0) == area);
    char *moved = mremap(area, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    REQUIRE(moved != MAP_FAILED);
    IS(moved[0], 'a');
    IS(moved[PAGE], 'b');
    IS(moved[63 * PAGE], 0);
    char *target = map_pages(4);
    CHECK(mremap(moved, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    IS(target[0], 'a');
    DIES(CHILD({ *(volatile char *)moved = 1; }), SIGSEGV);
    FAILS(mremap(target, PAGE, PAGE, MREMAP_FIXED, area), EINVAL);
    FAILS(mremap(target + 1, PAGE, PAGE, 0), EINVAL);
    FAILS(mremap(target, PAGE, 0, 0), EINVAL);
    FAILS(mremap(moved, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
    FAILS(mremap(target, PAGE, PAGE, 64), EINVAL);
}
