// SPDX-License-Identifier: BSD-2-Clause
// A private file mapping sees the file, and writes to it stay private.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "hello world");
    char *at = MAPPED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    TEXT(at, "hello world");
    at[0] = 'J';
    TEXT(at, "Jello world");
    TEXT(slurp("f"), "hello world");
    IS(close(fd), 0);
    IS(at[11], 0);
    IS(at[PAGE - 1], 0);
    EXITS(CHILD({ at[1] = 'u'; TEXT(at, "Jullo world"); }), 0);
    TEXT(at, "Jello world");
}
