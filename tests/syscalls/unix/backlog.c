// SPDX-License-Identifier: BSD-2-Clause
// A full backlog holds a blocking connect and refuses a nonblocking one.
#include "../test.h"

static struct sockaddr_un name = {AF_UNIX, "socket"};
static void test(void) {
    int server = socket(AF_UNIX, SOCK_STREAM, 0), clients[4];
    bind(server, (struct sockaddr *)&name, sizeof name);
    IS(listen(server, 1), 0);
    for (int i = 0; i < 4; i++)
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    IS(connect(clients[0], (struct sockaddr *)&name, sizeof name), 0);
    IS(connect(clients[1], (struct sockaddr *)&name, sizeof name), 0);
    FAILS(connect(clients[2], (struct sockaddr *)&name, sizeof name), EAGAIN);
    pid_t pid = CHILD({
        int waiting = socket(AF_UNIX, SOCK_STREAM, 0);
        IS(connect(waiting, (struct sockaddr *)&name, sizeof name), 0);
    });
    wait_asleep(pid);
    IS(waitpid(pid, NULL, WNOHANG), 0);
    struct pollfd one = {server, POLLIN, 0};
    IS(poll(&one, 1, 0), 1);
    CHECK(accept(server, NULL, NULL) >= 0);
    EXITS(pid, 0);
}
