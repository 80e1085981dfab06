// SPDX-License-Identifier: BSD-2-Clause
// VEOF ends a read: with nothing before it nought, in a line what is there.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    char buffer[16] = "";
    fcntl(pair.terminal, F_SETFL, O_NONBLOCK);
    type(&pair, "\004");
    IS(read(pair.terminal, buffer, 16), 0);
    FAILS(read(pair.terminal, buffer, 16), EAGAIN);
    type(&pair, "part\004");
    IS(read(pair.terminal, buffer, 16), 4);
    FAILS(read(pair.terminal, buffer, 16), EAGAIN);
    type(&pair, "line\n\004");
    IS(read(pair.terminal, buffer, 16), 5);
    IS(read(pair.terminal, buffer, 16), 0);
    FAILS(read(pair.terminal, buffer, 16), EAGAIN);
    type(&pair, "abcdef\n");
    IS(read(pair.terminal, buffer, 2), 2);
    IS(read(pair.terminal, buffer, 16), 5);
}
