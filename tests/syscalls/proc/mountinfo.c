// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/mountinfo: one line a mount, with its fields.
#include "../test.h"

static void test(void) {
    char *line = slurp("/proc/self/mountinfo"), where[256];
    int id, parent, major, minor, lines = 0, proc = 0;
    for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL, lines++) {
        if (sscanf(line, "%d %d %d:%d %*s %255s", &id, &parent, &major, &minor, where) != 5)
            FAILED("bad line");
        char *dash = strstr(line, " - ");
        proc += !strcmp(where, "/proc") && dash && strncmp(dash, " - proc ", 8) == 0;
    }
    CHECK(lines >= 2);
    IS(proc, 1);
}
