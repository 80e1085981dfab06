// SPDX-License-Identifier: BSD-2-Clause
// What poll says of a pipe: empty, with data, full, without the other end.
#include "../test.h"

static int state(int fd) {
    struct pollfd poller = {fd, POLLIN | POLLOUT, 0};
    poll(&poller, 1, 0);
    return poller.revents;
}
static void test(void) {
    int ends[2];
    static char data[65536];
    pipe(ends);
    IS(state(ends[0]), 0);
    IS(state(ends[1]), POLLOUT);
    write(ends[1], data, sizeof data);
    IS(state(ends[0]), POLLIN);
    IS(state(ends[1]), 0);
    read(ends[0], data, sizeof data);
    write(ends[1], data, 1);
    close(ends[1]);
    IS(state(ends[0]), POLLIN | POLLHUP);
    read(ends[0], data, 1);
    IS(state(ends[0]), POLLHUP);
    pipe(ends);
    close(ends[0]);
    IS(state(ends[1]), POLLOUT | POLLERR);
}
