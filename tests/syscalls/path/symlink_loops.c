// SPDX-License-Identifier: BSD-2-Clause
// Loops and chains of symbolic links: 40 are followed, more are ELOOP.
#include "../test.h"

static void test(void) {
    char from[16], to[16];
    symlink("loop", "loop");
    FAILS(access("loop", F_OK), ELOOP);
    FAILS(open("loop", O_RDONLY), ELOOP);
    symlink("b", "a");
    symlink("a", "b");
    FAILS(chdir("a"), ELOOP);
    touch("l0");
    for (int i = 1; i <= 41; i++) {
        snprintf(from, sizeof from, "l%d", i - 1);
        snprintf(to, sizeof to, "l%d", i);
        REQUIRE(symlink(from, to) == 0);
    }
    IS(access("l40", F_OK), 0);
    FAILS(access("l41", F_OK), ELOOP);
    struct stat status;
    IS(lstat("l41", &status), 0);
    IS(unlink("loop"), 0);
}
