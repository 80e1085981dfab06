// SPDX-License-Identifier: BSD-2-Clause
// bind, listen, connect, accept by path: names, backlog, errors.
#include "../test.h"

static struct sockaddr_un name = {AF_UNIX, "socket"};
static socklen_t size = sizeof name;
#define NAME (struct sockaddr *)&name
static void test(void) {
    struct stat status;
    struct sockaddr_un peer;
    socklen_t peer_size = sizeof peer;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(connect(client, NAME, size), ENOENT);
    FAILS(listen(server, 5), EINVAL);
    IS(bind(server, NAME, size), 0);
    IS(stat("socket", &status), 0);
    IS(status.st_mode, S_IFSOCK | 0755);
    FAILS(connect(client, NAME, size), ECONNREFUSED);
    IS(listen(server, 1), 0);
    FAILS(bind(client, NAME, size), EADDRINUSE);
    FAILS(syscall(SYS_accept4, server, NULL, NULL, 1), EINVAL);
    IS(connect(client, NAME, size), 0);
    FAILS(connect(client, NAME, size), EISCONN);
    int accepted = accept4(server, (struct sockaddr *)&peer, &peer_size, SOCK_NONBLOCK);
    CHECK(accepted >= 0);
    IS(peer_size, 2);
    IS(peer.sun_family, AF_UNIX);
    IS(fcntl(accepted, F_GETFL), O_RDWR | O_NONBLOCK);
    peer_size = sizeof peer;
    IS(getpeername(client, (struct sockaddr *)&peer, &peer_size), 0);
    IS(peer_size, 2 + 7);
    TEXT(peer.sun_path, "socket");
    close(server);
    int late = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(connect(late, NAME, size), ECONNREFUSED);
    FAILS(getpeername(late, (struct sockaddr *)&peer, &peer_size), ENOTCONN);
    FAILS(accept(client, NULL, NULL), EINVAL);
    FAILS(accept(0, NULL, NULL), ENOTSOCK);
}
