// SPDX-License-Identifier: BSD-2-Clause
// Mappings with offsets show the right part; two of the same page are one memory.
#include "../test.h"

static void test(void) {
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    for (int i = 0; i < 8; i++)
        REQUIRE(pwrite(fd, &(char){'0' + i}, 1, i * PAGE) == 1);
    IS(ftruncate(fd, 8 * PAGE), 0);
    char *at = MAPPED(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4 * PAGE));
    IS(at[0], '4');
    IS(at[PAGE], '5');
    IS(at[2 * PAGE], '6');
    char *twin = MAPPED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 5 * PAGE));
    twin[1] = 'T';
    IS(at[PAGE + 1], 'T');
    char *private = MAPPED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 5 * PAGE));
    IS(private[1], 'T');
    twin[2] = 'U';
    IS(private[2], 'U');
    private[3] = 'p';
    IS(twin[3], 0);
}
