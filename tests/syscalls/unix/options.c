// SPDX-License-Identifier: BSD-2-Clause
// SO_ERROR, SO_ACCEPTCONN, SO_DOMAIN, buffer sizes, time-outs, unknown options.
#include "../test.h"

static int option(int fd, int which) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, which, &value, &size) == 0 ? value : -errno;
}
static void test(void) {
    int pair[2], value = 20000;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    IS(option(pair[0], SO_DOMAIN), AF_UNIX);
    IS(option(pair[0], SO_TYPE), SOCK_STREAM);
    IS(option(pair[0], SO_PROTOCOL), 0);
    IS(option(pair[0], SO_ERROR), 0);
    IS(option(pair[0], SO_ACCEPTCONN), 0);
    IS(option(pair[0], 9999), -ENOPROTOOPT);
    IS(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, sizeof value), 0);
    IS(option(pair[0], SO_SNDBUF), 40000);
    FAILS(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, 1), EINVAL);
    FAILS(setsockopt(pair[0], SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
    struct timeval limit = {0, 50000};
    IS(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    int64_t start = now_ms();
    char byte;
    FAILS(read(pair[0], &byte, 1), EAGAIN);
    CHECK(now_ms() - start >= 49);
    FAILS(getsockopt(0, SOL_SOCKET, SO_TYPE, &value, &(socklen_t){4}), ENOTSOCK);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un name = {AF_UNIX, "s"};
    bind(server, (struct sockaddr *)&name, sizeof name);
    listen(server, 1);
    IS(option(server, SO_ACCEPTCONN), 1);
}
