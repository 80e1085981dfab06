// SPDX-License-Identifier: BSD-2-Clause
// Two processes exchange names for a while; a third always finds the file.
#include "../test.h"

static void test(void) {
    make_file("a", "x");
    make_file("c", "y");
    pid_t mover = CHILD({
        for (int i = 0; i < 2000; i++)
            syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 2);
    });
    int missing = 0;
    for (int i = 0; i < 2000; i++)
        missing += access("a", F_OK) != 0;
    IS(missing, 0);
    EXITS(mover, 0);
    TEXT(slurp("a"), "x");
}
