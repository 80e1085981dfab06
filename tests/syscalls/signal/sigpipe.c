// SPDX-License-Identifier: BSD-2-Clause
// Writing to a pipe without readers: SIGPIPE, or EPIPE when ignored.
#include "../test.h"

static void test(void) {
    int ends[2];
    pipe(ends);
    close(ends[0]);
    DIES(CHILD({ write(ends[1], "x", 1); }), SIGPIPE);
    signal(SIGPIPE, SIG_IGN);
    FAILS(write(ends[1], "x", 1), EPIPE);
    int pair[2];
    IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(pair[0]);
    FAILS(write(pair[1], "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    FAILS(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    DIES(CHILD({ send(pair[1], "x", 1, 0); }), SIGPIPE);
}
