// SPDX-License-Identifier: BSD-2-Clause
// Bytes past the end, once cut off, come back as zeros, also through a mapping.
#include "../test.h"

static void test(void) {
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    char page[PAGE];
    memset(page, 'x', sizeof page);
    IS(write(fd, page, PAGE), PAGE);
    IS(ftruncate(fd, 100), 0);
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(at != MAP_FAILED);
    IS(at[99], 'x');
    IS(at[100], 0);
    IS(ftruncate(fd, PAGE), 0);
    IS(at[100], 0);
    IS(at[PAGE - 1], 0);
    IS(pread(fd, page, PAGE, 0), PAGE);
    IS(page[100], 0);
}
