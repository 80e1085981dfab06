// SPDX-License-Identifier: BSD-2-Clause
// A connected pair: bytes without borders, half-closing, end of file.
#include "../test.h"

static void test(void) {
    int pair[2];
    char buffer[16] = "";
    IS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    IS(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
    IS(write(pair[0], "ab", 2), 2);
    IS(write(pair[0], "cd", 2), 2);
    IS(recv(pair[1], buffer, 3, MSG_PEEK), 3);
    IS(read(pair[1], buffer, 3), 3);
    TEXT(buffer, "abc");
    IS(read(pair[1], buffer, 16), 1);
    IS(write(pair[1], "back", 4), 4);
    IS(shutdown(pair[0], SHUT_WR), 0);
    IS(read(pair[1], buffer, 16), 0);
    FAILS(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    IS(read(pair[0], buffer, 16), 4);
    FAILS(recv(pair[0], buffer, 1, MSG_DONTWAIT), EAGAIN);
    close(pair[1]);
    IS(read(pair[0], buffer, 16), 0);
    FAILS(socketpair(AF_UNIX, SOCK_RAW + 100, 0, pair), EINVAL);
    FAILS(socketpair(AF_UNIX, SOCK_STREAM, 7, pair), EPROTONOSUPPORT);
    FAILS(socket(AF_MAX, SOCK_STREAM, 0), EAFNOSUPPORT);
}
