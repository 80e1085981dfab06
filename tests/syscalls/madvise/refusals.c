// SPDX-License-Identifier: BSD-2-Clause
// Bad advice, bad alignment, gaps.
#include "../test.h"

static void test(void) {
    char *at = map_pages(3);
    FAILS(madvise(at, PAGE, 9999), EINVAL);
    FAILS(madvise(at + 1, PAGE, MADV_NORMAL), EINVAL);
    IS(madvise(at, 0, MADV_NORMAL), 0);
    IS(madvise(at, PAGE, MADV_WILLNEED), 0);
    IS(madvise(at, PAGE, MADV_SEQUENTIAL), 0);
    IS(madvise(at, PAGE, MADV_RANDOM), 0);
    IS(munmap(at + PAGE, PAGE), 0);
    at[0] = at[2 * PAGE] = 'x';
    FAILS(madvise(at, 3 * PAGE, MADV_DONTNEED), ENOMEM);
    IS(at[0], 0);
    IS(at[2 * PAGE], 0);
    IS(mlock(at, PAGE), 0);
    FAILS(madvise(at, PAGE, MADV_DONTNEED), EINVAL);
}
