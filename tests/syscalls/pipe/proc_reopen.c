// SPDX-License-Identifier: BSD-2-Clause
// A pipe opened again through /proc/self/fd is the same pipe.
#include "../test.h"

static void test(void) {
    int ends[2];
    char path[64], buffer[8] = "", name[64] = "";
    pipe(ends);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    SUCCEEDS(readlink(path, name, sizeof name - 1));
    CHECK(strncmp(name, "pipe:[", 6) == 0);
    int again = open(path, O_WRONLY);
    IS(again, 5);
    IS(write(again, "hi", 2), 2);
    IS(read(ends[0], buffer, 8), 2);
    TEXT(buffer, "hi");
    close(ends[1]);
    IS(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    FAILS(read(ends[0], buffer, 8), EAGAIN);
    close(again);
    IS(read(ends[0], buffer, 8), 0);
}
