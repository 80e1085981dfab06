// SPDX-License-Identifier: BSD-2-Clause
// read into a mapping of the same file, and write from it.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "0123456789");
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    IS(pread(fd, at + 5, 3, 0), 3);
    TEXT(at, "0123401289");
    IS(pwrite(fd, at, 2, 8), 2);
    TEXT(at, "0123401201");
    int other = make_file("g", "");
    IS(pwrite(other, at + 4, 4, 0), 4);
    TEXT(slurp("g"), "4012");
    TEXT(slurp("f"), "0123401201");
}
