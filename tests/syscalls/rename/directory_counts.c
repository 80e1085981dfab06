// SPDX-License-Identifier: BSD-2-Clause
// Moving directories between parents moves the link counts and "..".
#include "../test.h"

static int links(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? (int)status.st_nlink : -1;
}
static void test(void) {
    struct stat a, b;
    mkdir("p", 0755);
    mkdir("q", 0755);
    mkdir("p/d", 0755);
    IS(links("p"), 3);
    IS(links("q"), 2);
    IS(rename("p/d", "q/d"), 0);
    IS(links("p"), 2);
    IS(links("q"), 3);
    stat("q/d/..", &a);
    stat("q", &b);
    CHECK(a.st_ino == b.st_ino);
    mkdir("p/e", 0755);
    IS(rename("p/e", "q/d"), 0);
    IS(links("q"), 3);
    IS(links("p"), 2);
}
