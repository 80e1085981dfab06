// SPDX-License-Identifier: BSD-2-Clause
// MADV_DONTFORK leaves a range out of the child, MADV_WIPEONFORK empties it there.
#include "../test.h"

static void test(void) {
    char *absent = map_pages(1), *wiped = map_pages(1);
    absent[0] = wiped[0] = 'x';
    IS(madvise(absent, PAGE, MADV_DONTFORK), 0);
    IS(madvise(wiped, PAGE, 18), 0);
    DIES(CHILD({ *(volatile char *)absent = 1; }), SIGSEGV);
    EXITS(CHILD({ IS(wiped[0], 0); }), 0);
    IS(absent[0], 'x');
    IS(wiped[0], 'x');
    IS(madvise(absent, PAGE, MADV_DOFORK), 0);
    IS(madvise(wiped, PAGE, 19), 0);
    EXITS(CHILD({ IS(absent[0], 'x'); IS(wiped[0], 'x'); }), 0);
    char *shared = map_shared(1);
    FAILS(madvise(shared, PAGE, 18), EINVAL);
}
