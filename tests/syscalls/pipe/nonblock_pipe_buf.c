// SPDX-License-Identifier: BSD-2-Clause
// A nonblocking write of PIPE_BUF or less is all or nothing; a larger one may be partial.
#include "../test.h"

static void test(void) {
    int ends[2];
    static char data[65536];
    pipe2(ends, O_NONBLOCK);
    IS(fcntl(ends[1], F_GETPIPE_SZ), 65536);
    IS(write(ends[1], data, 65536 - 100), 65436);
    FAILS(write(ends[1], data, 4096), EAGAIN);
    IS(write(ends[1], data, 50), 50);
    IS(read(ends[0], data, 4096), 4096);
    IS(write(ends[1], data, 4096), 4096);
}
