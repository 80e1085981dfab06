// SPDX-License-Identifier: BSD-2-Clause
// A full stream holds the writer; large transfers are whole; EAGAIN when nonblocking.
#include "../test.h"

static unsigned char data[1000000], got[1000000];
static void test(void) {
    int pair[2];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = i * 13 + i / 255;
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    pid_t pid = CHILD({ close(pair[0]); IS(write(pair[1], data, sizeof data), 1000000); });
    close(pair[1]);
    wait_asleep(pid);
    size_t total = 0;
    for (ssize_t n; (n = read(pair[0], got + total, 33333)) > 0;)
        total += n;
    IS(total, 1000000);
    IS(memcmp(data, got, sizeof data), 0);
    EXITS(pid, 0);
    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
    ssize_t n;
    while ((n = write(pair[0], data, 10000)) > 0) {
    }
    FAILS(write(pair[0], data, 1), EAGAIN);
    struct pollfd one = {pair[0], POLLOUT, 0};
    IS(poll(&one, 1, 0), 0);
    IS(recv(pair[1], got, sizeof got, 0) > 0, 1);
    while (recv(pair[1], got, sizeof got, 0) > 0) {
    }
    IS(poll(&one, 1, 0), 1);
}
