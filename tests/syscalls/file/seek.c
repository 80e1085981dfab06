// SPDX-License-Identifier: BSD-2-Clause
// lseek's five directions and its refusals.
#include "../test.h"

static void test(void) {
    int fd = make_file("a", "0123456789");
    IS(lseek(fd, 4, SEEK_SET), 4);
    IS(lseek(fd, 3, SEEK_CUR), 7);
    IS(lseek(fd, -2, SEEK_END), 8);
    FAILS(lseek(fd, -9, SEEK_CUR), EINVAL);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    IS(lseek(fd, 0, SEEK_CUR), 8);
    FAILS(lseek(fd, 0, 77), EINVAL);
    IS(lseek(fd, 1000, SEEK_SET), 1000);
    char byte;
    IS(read(fd, &byte, 1), 0);
    IS(write(fd, "x", 1), 1);
    IS(lseek(fd, 0, SEEK_END), 1001);
    FAILS(lseek(99, 0, SEEK_SET), EBADF);
    int ends[2];
    pipe(ends);
    FAILS(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
    FAILS(pread(ends[0], &byte, 1, 0), ESPIPE);
}
