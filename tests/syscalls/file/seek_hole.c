// SPDX-License-Identifier: BSD-2-Clause
// SEEK_DATA and SEEK_HOLE on a sparse tmpfs file.
#include "../test.h"

static void test(void) {
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    IS(ftruncate(fd, 16 * PAGE), 0);
    IS(pwrite(fd, "x", 1, 8 * PAGE), 1);
    IS(lseek(fd, 0, SEEK_HOLE), 0);
    IS(lseek(fd, 0, SEEK_DATA), 8 * PAGE);
    IS(lseek(fd, 8 * PAGE + 5, SEEK_DATA), 8 * PAGE + 5);
    IS(lseek(fd, 8 * PAGE, SEEK_HOLE), 9 * PAGE);
    FAILS(lseek(fd, 10 * PAGE, SEEK_DATA), ENXIO);
    IS(lseek(fd, 10 * PAGE, SEEK_HOLE), 10 * PAGE);
    FAILS(lseek(fd, 16 * PAGE, SEEK_HOLE), ENXIO);
    FAILS(lseek(fd, 16 * PAGE, SEEK_DATA), ENXIO);
}
