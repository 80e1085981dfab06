// SPDX-License-Identifier: BSD-2-Clause
// The master reads EIO when the last terminal side is closed.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    char buffer[8];
    struct pair pair = open_pair();
    IS(write(pair.terminal, "bye", 3), 3);
    close(pair.terminal);
    IS(read(pair.master, buffer, 8), 3);
    FAILS(read(pair.master, buffer, 8), EIO);
    struct pollfd one = {pair.master, POLLIN, 0};
    IS(poll(&one, 1, 0), 1);
    IS(one.revents, POLLHUP);
}
