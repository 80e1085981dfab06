// SPDX-License-Identifier: BSD-2-Clause
// A system call that writes into a copy-on-write page copies it as well.
#include "../test.h"

static void test(void) {
    char *at = map_pages(1);
    int fd = make_file("f", "child");
    strcpy(at, "parent");
    EXITS(CHILD({ IS(pread(fd, at, 6, 0), 5); at[5] = 0; TEXT(at, "child"); }), 0);
    TEXT(at, "parent");
    int ends[2];
    pipe(ends);
    EXITS(CHILD({ write(ends[1], "kid", 4); IS(read(ends[0], at, 4), 4); TEXT(at, "kid"); }), 0);
    TEXT(at, "parent");
    char *zero = map_pages(1);
    IS(zero[0], 0);
    IS(pread(fd, zero, 5, 0), 5);
    TEXT(zero, "child");
    char *untouched = map_pages(1);
    IS(untouched[0], 0);
}
