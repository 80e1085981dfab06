// SPDX-License-Identifier: BSD-2-Clause
// Abstract names: leading nul, exact length, gone with the socket; autobind.
#include "../test.h"

static void test(void) {
    struct sockaddr_un name = {AF_UNIX, "\0pith-test"}, got;
    socklen_t size = sizeof got;
    int a = socket(AF_UNIX, SOCK_STREAM, 0), b = socket(AF_UNIX, SOCK_STREAM, 0);
    IS(bind(a, (struct sockaddr *)&name, 2 + 10), 0);
    IS(listen(a, 1), 0);
    FAILS(bind(b, (struct sockaddr *)&name, 2 + 10), EADDRINUSE);
    FAILS(connect(b, (struct sockaddr *)&name, 2 + 11), ECONNREFUSED);
    IS(connect(b, (struct sockaddr *)&name, 2 + 10), 0);
    IS(getsockname(a, (struct sockaddr *)&got, &size), 0);
    IS(size, 12);
    CHECK(memcmp(got.sun_path, "\0pith-test", 10) == 0);
    close(a);
    close(b);
    a = socket(AF_UNIX, SOCK_STREAM, 0);
    IS(bind(a, (struct sockaddr *)&name, 2 + 10), 0);
    b = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un empty = {AF_UNIX, ""};
    IS(bind(b, (struct sockaddr *)&empty, 2), 0);
    size = sizeof got;
    IS(getsockname(b, (struct sockaddr *)&got, &size), 0);
    IS(size, 2 + 6);
    IS(got.sun_path[0], 0);
}
