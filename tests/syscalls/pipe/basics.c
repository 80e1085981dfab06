// SPDX-License-Identifier: BSD-2-Clause
// A pipe: bytes in order, end of file, short reads, fstat.
#include "../test.h"

static void test(void) {
    int ends[2];
    char buffer[16] = "";
    IS(pipe(ends), 0);
    IS(ends[0], 3);
    IS(ends[1], 4);
    IS(write(ends[1], "hello", 5), 5);
    IS(write(ends[1], "world", 5), 5);
    IS(read(ends[0], buffer, 3), 3);
    TEXT(buffer, "hel");
    IS(read(ends[0], buffer, 16), 7);
    TEXT(buffer, "loworld");
    FAILS(write(ends[0], "x", 1), EBADF);
    FAILS(read(ends[1], buffer, 1), EBADF);
    IS(write(ends[1], "last", 4), 4);
    IS(close(ends[1]), 0);
    IS(read(ends[0], buffer, 16), 4);
    IS(read(ends[0], buffer, 16), 0);
    IS(read(ends[0], buffer, 16), 0);
    FAILS(pipe((int *)BAD_POINTER), EFAULT);
    IS(open("/dev/null", O_RDONLY), 4);
}
