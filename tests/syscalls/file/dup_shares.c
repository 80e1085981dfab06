// SPDX-License-Identifier: BSD-2-Clause
// dup shares position and status flags; a second open does not.
#include "../test.h"

static void test(void) {
    char byte;
    int fd = make_file("a", "0123456789");
    int twin = dup(fd), other = open("a", O_RDONLY);
    IS(read(fd, &byte, 1), 1);
    IS(read(twin, &byte, 1), 1);
    IS(byte, '1');
    IS(read(other, &byte, 1), 1);
    IS(byte, '0');
    IS(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    CHECK(fcntl(twin, F_GETFL) & O_NONBLOCK);
    CHECK(!(fcntl(other, F_GETFL) & O_NONBLOCK));
    IS(fcntl(fd, F_SETFD, FD_CLOEXEC), 0);
    IS(fcntl(twin, F_GETFD), 0);
    EXITS(CHILD({ lseek(fd, 7, SEEK_SET); }), 0);
    IS(lseek(fd, 0, SEEK_CUR), 7);
}
