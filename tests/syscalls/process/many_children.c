// SPDX-License-Identifier: BSD-2-Clause
// Two hundred children at once, all collected, in any order.
#include "../test.h"

static void test(void) {
    pid_t pids[200];
    int ends[2];
    char byte;
    pipe(ends);
    for (int i = 0; i < 200; i++) {
        pids[i] = fork();
        REQUIRE(pids[i] >= 0);
        if (pids[i] == 0) {
            close(ends[1]);
            read(ends[0], &byte, 1);
            _exit(i % 100);
        }
    }
    close(ends[1]);
    int right = 0, sum = 0, status;
    for (pid_t pid; (pid = wait(&status)) > 0;) {
        for (int i = 0; i < 200; i++)
            right += pids[i] == pid && WEXITSTATUS(status) == i % 100;
        sum++;
    }
    IS(sum, 200);
    IS(right, 200);
}
