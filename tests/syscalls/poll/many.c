// SPDX-License-Identifier: BSD-2-Clause
// Poll over two hundred pipes finds the one.
#include "../test.h"

static void test(void) {
    static int ends[200][2];
    static struct pollfd set[200];
    char byte;
    struct rlimit limit = {1024, 4096};
    setrlimit(RLIMIT_NOFILE, &limit);
    for (int i = 0; i < 200; i++) {
        REQUIRE(pipe(ends[i]) == 0);
        set[i] = (struct pollfd){ends[i][0], POLLIN, 0};
    }
    int right = 0;
    for (int i = 0; i < 200; i += 13) {
        write(ends[i][1], "x", 1);
        right += poll(set, 200, 1000) == 1 && set[i].revents == POLLIN;
        read(ends[i][0], &byte, 1);
    }
    IS(right, 16);
    IS(poll(set, 200, 0), 0);
}
