// SPDX-License-Identifier: BSD-2-Clause
// Two processes map one file; truncation by one shows in the other.
#include "../test.h"

static void test(void) {
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    ftruncate(fd, 2 * PAGE);
    volatile char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    at[PAGE] = 'x';
    DIES(CHILD({ ftruncate(fd, PAGE); at[0] = 'y'; at[PAGE] = 1; }), SIGBUS);
    IS(at[0], 'y');
    IS(ftruncate(fd, 2 * PAGE), 0);
    IS(at[PAGE], 0);
}
