// SPDX-License-Identifier: BSD-2-Clause
// Datagrams keep borders, name their sender, truncate; connect filters senders.
#include "../test.h"

static struct sockaddr_un name = {AF_UNIX, "server"}, mine = {AF_UNIX, "client"};
#define SERVER (struct sockaddr *)&name, sizeof name
static void test(void) {
    char buffer[16] = "";
    struct sockaddr_un from;
    socklen_t size = sizeof from;
    int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);
    FAILS(sendto(client, "x", 1, 0, SERVER), ENOENT);
    IS(bind(server, SERVER), 0);
    IS(bind(client, (struct sockaddr *)&mine, sizeof mine), 0);
    FAILS(send(client, "x", 1, 0), ENOTCONN);
    IS(sendto(client, "one", 3, 0, SERVER), 3);
    IS(sendto(client, "", 0, 0, SERVER), 0);
    IS(sendto(client, "three", 5, 0, SERVER), 5);
    IS(recvfrom(server, buffer, 16, 0, (struct sockaddr *)&from, &size), 3);
    TEXT(from.sun_path, "client");
    IS(recv(server, buffer, 16, 0), 0);
    IS(recv(server, buffer, 2, MSG_TRUNC), 5);
    FAILS(recv(server, buffer, 16, MSG_DONTWAIT), EAGAIN);
    IS(connect(server, (struct sockaddr *)&mine, sizeof mine), 0);
    int stranger = socket(AF_UNIX, SOCK_DGRAM, 0);
    FAILS(sendto(stranger, "x", 1, 0, SERVER), EPERM);
    IS(send(server, "pong", 4, 0), 4);
    IS(recv(client, buffer, 16, 0), 4);
    static char big[300000];
    FAILS(sendto(client, big, sizeof big, 0, SERVER), EMSGSIZE);
    close(server);
    FAILS(sendto(client, "x", 1, 0, SERVER), ECONNREFUSED);
    FAILS(listen(client, 1), EOPNOTSUPP);
}
