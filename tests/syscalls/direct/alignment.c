// SPDX-License-Identifier: BSD-2-Clause
// O_DIRECT on tmpfs is refused in 6.1, and F_SETFL cannot add it there.
#include "../test.h"

static void test(void) {
    FAILS(open("f", O_RDWR | O_CREAT | O_DIRECT, 0600), EINVAL);
    int fd = make_file("g", "x");
    FAILS(fcntl(fd, F_SETFL, O_DIRECT), EINVAL);
    int ends[2];
    IS(pipe2(ends, O_DIRECT), 0);
    IS(write(ends[1], "abc", 3), 3);
    IS(write(ends[1], "de", 2), 2);
    char buffer[16];
    IS(read(ends[0], buffer, 16), 3);
    IS(read(ends[0], buffer, 1), 1);
    IS(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    FAILS(read(ends[0], buffer, 16), EAGAIN);
}
