// SPDX-License-Identifier: BSD-2-Clause
// splice between a pipe and files, with and without offsets.
#include "../test.h"

static void test(void) {
    int ends[2], from = make_file("a", "0123456789"), to = make_file("b", "");
    loff_t offset = 2;
    pipe(ends);
    IS(splice(from, &offset, ends[1], NULL, 5, 0), 5);
    IS(offset, 7);
    IS(lseek(from, 0, SEEK_CUR), 0);
    IS(splice(ends[0], NULL, to, NULL, 3, 0), 3);
    IS(lseek(to, 0, SEEK_CUR), 3);
    offset = 8;
    IS(splice(ends[0], NULL, to, &offset, 100, 0), 2);
    IS(offset, 10);
    char buffer[16];
    IS(pread(to, buffer, 16, 0), 10);
    CHECK(memcmp(buffer, "234\0\0\0\0\00056", 10) == 0);
    offset = 10;
    IS(splice(from, &offset, ends[1], NULL, 5, 0), 0);
    FAILS(splice(from, NULL, to, NULL, 5, 0), EINVAL);
    FAILS(splice(from, NULL, ends[0], NULL, 5, 0), EBADF);
    FAILS(splice(ends[0], &offset, to, NULL, 5, 0), ESPIPE);
    FAILS(splice(99, NULL, ends[1], NULL, 5, 0), EBADF);
    FAILS(splice(ends[0], NULL, to, NULL, 5, SPLICE_F_NONBLOCK), EAGAIN);
    IS(splice(ends[0], NULL, to, NULL, 0, 0), 0);
    FAILS(splice(from, NULL, ends[1], NULL, 5, 0x100), EINVAL);
    int appender = open("b", O_WRONLY | O_APPEND);
    write(ends[1], "x", 1);
    FAILS(splice(ends[0], NULL, appender, NULL, 1, 0), EINVAL);
}
