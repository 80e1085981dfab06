// SPDX-License-Identifier: BSD-2-Clause
// Reading, writing and truncating a directory is refused.
#include "../test.h"

static void test(void) {
    char buffer[64];
    int fd = open(".", O_RDONLY);
    FAILS(read(fd, buffer, sizeof buffer), EISDIR);
    FAILS(pread(fd, buffer, sizeof buffer, 0), EISDIR);
    FAILS(write(fd, buffer, 1), EBADF);
    FAILS(ftruncate(fd, 0), EINVAL);
    IS(fsync(fd), 0);
    FAILS(open(".", O_RDWR), EISDIR);
    SUCCEEDS(open(".", O_RDONLY | O_DIRECTORY));
}
