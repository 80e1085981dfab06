// SPDX-License-Identifier: BSD-2-Clause
// Positioned transfers leave the position alone and refuse negative offsets.
#include "../test.h"

static void test(void) {
    char buffer[16] = "";
    int fd = make_file("a", "0123456789");
    IS(lseek(fd, 2, SEEK_SET), 2);
    IS(pread(fd, buffer, 4, 5), 4);
    TEXT(buffer, "5678");
    IS(pread(fd, buffer, 10, 8), 2);
    IS(pread(fd, buffer, 10, 10), 0);
    IS(pread(fd, buffer, 10, 1000), 0);
    IS(pwrite(fd, "AB", 2, 3), 2);
    IS(lseek(fd, 0, SEEK_CUR), 2);
    TEXT(slurp("a"), "012AB56789");
    FAILS(pread(fd, buffer, 1, -1), EINVAL);
    FAILS(pwrite(fd, buffer, 1, -1), EINVAL);
    IS(pwrite(fd, "Z", 1, 12), 1);
    IS(pread(fd, buffer, 16, 9), 4);
    CHECK(memcmp(buffer, "9\0\0Z", 4) == 0);
}
