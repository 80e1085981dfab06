// SPDX-License-Identifier: BSD-2-Clause
// msync: flags, gaps and alignment.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "x");
    char *at = MAPPED(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    IS(msync(at, PAGE, MS_ASYNC), 0);
    IS(msync(at, PAGE, MS_SYNC | MS_INVALIDATE), 0);
    IS(msync(at, 0, MS_SYNC), 0);
    FAILS(msync(at, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
    FAILS(msync(at, PAGE, 64), EINVAL);
    FAILS(msync(at + 1, PAGE, MS_SYNC), EINVAL);
    IS(munmap(at + PAGE, PAGE), 0);
    FAILS(msync(at, 3 * PAGE, MS_SYNC), ENOMEM);
}
