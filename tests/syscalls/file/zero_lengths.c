// SPDX-License-Identifier: BSD-2-Clause
// Transfers of no bytes succeed where the descriptor permits them and touch nothing.
#include "../test.h"

static void test(void) {
    int fd = make_file("a", "x");
    IS(read(fd, NULL, 0), 0);
    IS(write(fd, NULL, 0), 0);
    IS(pread(fd, NULL, 0, 0), 0);
    FAILS(read(99, NULL, 0), EBADF);
    FAILS(write(open("a", O_RDONLY), NULL, 0), EBADF);
    IS(lseek(fd, 0, SEEK_CUR), 0);
    int ends[2];
    pipe(ends);
    IS(write(ends[1], NULL, 0), 0);
    IS(read(ends[0], NULL, 0), 0);
    IS(read(fd, BAD_POINTER, 0), 0);
}
