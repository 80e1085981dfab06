// SPDX-License-Identifier: BSD-2-Clause
// A descriptor permits only what it was opened for.
#include "../test.h"

static void test(void) {
    char byte;
    touch("a");
    int reader = open("a", O_RDONLY), writer = open("a", O_WRONLY);
    FAILS(write(reader, "x", 1), EBADF);
    FAILS(read(writer, &byte, 1), EBADF);
    FAILS(pread(writer, &byte, 1, 0), EBADF);
    FAILS(ftruncate(reader, 10), EINVAL);
    IS(ftruncate(writer, 10), 0);
    IS(read(reader, &byte, 1), 1);
    IS(byte, 0);
    IS(fcntl(reader, F_GETFL) & O_ACCMODE, O_RDONLY);
    IS(fcntl(writer, F_GETFL) & O_ACCMODE, O_WRONLY);
    FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
    FAILS(open(".", O_WRONLY), EISDIR);
    FAILS(open(".", O_RDONLY | O_CREAT, 0600), EISDIR);
}
