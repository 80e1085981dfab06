// SPDX-License-Identifier: BSD-2-Clause
// fallocate: growing, keeping the size, punching holes, refusals.
#include "../test.h"

#include <linux/falloc.h>
static void test(void) {
    struct stat status;
    int fd = make_file("f", "0123456789");
    IS(fallocate(fd, 0, 0, 3 * PAGE), 0);
    IS(fstat(fd, &status), 0);
    IS(status.st_size, 3 * PAGE);
    IS(status.st_blocks, 24);
    IS(fallocate(fd, FALLOC_FL_KEEP_SIZE, 3 * PAGE, 2 * PAGE), 0);
    fstat(fd, &status);
    IS(status.st_size, 3 * PAGE);
    IS(status.st_blocks, 40);
    IS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2, 5), 0);
    char buffer[11] = "";
    IS(pread(fd, buffer, 10, 0), 10);
    CHECK(memcmp(buffer, "01\0\0\0\0\000789", 10) == 0);
    IS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE), 0);
    fstat(fd, &status);
    IS(status.st_blocks, 32);
    FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE), EOPNOTSUPP);
    FAILS(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE), EOPNOTSUPP);
    FAILS(fallocate(fd, 0, -1, PAGE), EINVAL);
    FAILS(fallocate(fd, 0, 0, 0), EINVAL);
    FAILS(fallocate(fd, 0x8000, 0, PAGE), EOPNOTSUPP);
    FAILS(fallocate(open("f", O_RDONLY), 0, 0, PAGE), EBADF);
    int ends[2];
    pipe(ends);
    FAILS(fallocate(ends[1], 0, 0, PAGE), ESPIPE);
    FAILS(fallocate(fd, 0, LONG_MAX, 1), EFBIG);
}
