// SPDX-License-Identifier: BSD-2-Clause
// An open file keeps its identity while its name moves and is replaced.
#include "../test.h"

static void test(void) {
    char buffer[8] = "";
    int old = make_file("a", "old");
    make_file("b", "new");
    IS(rename("b", "a"), 0);
    IS(read(old, buffer, 8), 3);
    TEXT(buffer, "old");
    TEXT(slurp("a"), "new");
    int folder = (mkdir("d", 0755), open("d", O_RDONLY));
    IS(rename("d", "moved"), 0);
    IS(close(openat(folder, "x", O_CREAT | O_RDWR, 0600)), 0);
    IS(access("moved/x", F_OK), 0);
}
