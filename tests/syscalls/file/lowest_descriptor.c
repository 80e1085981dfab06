// SPDX-License-Identifier: BSD-2-Clause
// New descriptors take the lowest free number.
#include "../test.h"

static void test(void) {
    IS(open("/dev/null", O_RDONLY), 3);
    IS(open("/dev/null", O_RDONLY), 4);
    IS(open("/dev/null", O_RDONLY), 5);
    IS(close(4), 0);
    IS(close(3), 0);
    IS(dup(5), 3);
    IS(open("/dev/null", O_RDONLY), 4);
    IS(fcntl(5, F_DUPFD, 10), 10);
    IS(fcntl(5, F_DUPFD, 10), 11);
    FAILS(close(9), EBADF);
    FAILS(close(-1), EBADF);
}
