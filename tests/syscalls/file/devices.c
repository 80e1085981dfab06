// SPDX-License-Identifier: BSD-2-Clause
// /dev/null, zero and full behave as documented.
#include "../test.h"

static void test(void) {
    char buffer[64];
    int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR);
    int full = open("/dev/full", O_RDWR);
    IS(read(null, buffer, 64), 0);
    IS(write(null, buffer, 64), 64);
    memset(buffer, 1, sizeof buffer);
    IS(read(zero, buffer, 64), 64);
    int sum = 0;
    for (int i = 0; i < 64; i++)
        sum |= buffer[i];
    IS(sum, 0);
    IS(write(zero, buffer, 64), 64);
    IS(read(full, buffer, 64), 64);
    FAILS(write(full, buffer, 1), ENOSPC);
    struct stat status;
    IS(fstat(null, &status), 0);
    IS(status.st_rdev, 0x103);
    IS(fstat(zero, &status), 0);
    IS(status.st_rdev, 0x105);
    IS(lseek(null, 100, SEEK_SET), 0);
}
