// SPDX-License-Identifier: BSD-2-Clause
// MREMAP_DONTUNMAP moves the pages and leaves an empty mapping behind.
#include "../test.h"

static void test(void) {
    char *from = map_pages(2);
    from[0] = 'a';
    from[PAGE] = 'b';
    char *to = mremap(from, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | 4);
    REQUIRE(to != MAP_FAILED);
    CHECK(to != from);
    IS(to[0], 'a');
    IS(to[PAGE], 'b');
    IS(from[0], 0);
    FAILS(mremap(from, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | 4), EINVAL);
    FAILS(mremap(from, 2 * PAGE, 2 * PAGE, 4), EINVAL);
}
