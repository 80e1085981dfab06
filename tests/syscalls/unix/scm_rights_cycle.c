// SPDX-License-Identifier: BSD-2-Clause
// Sockets sent through each other and closed are reclaimed.
#include "../test.h"

#include "../passing.h"
static void test(void) {
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    int done = 0;
    for (int i = 0; i < 500; i++) {
        int pair[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        done += send_descriptors(pair[0], &pair[1], 1) == 1;
        done += send_descriptors(pair[1], &pair[0], 1) == 1;
        close(pair[0]);
        close(pair[1]);
    }
    IS(done, 1000);
    int pair[2];
    IS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    IS(pair[0], 3);
}
