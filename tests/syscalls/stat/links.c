// SPDX-License-Identifier: BSD-2-Clause
// Hard links share everything; the count follows link and unlink.
#include "../test.h"

static void test(void) {
    struct stat a, b;
    make_file("a", "x");
    IS(link("a", "b"), 0);
    IS(stat("a", &a), 0);
    IS(stat("b", &b), 0);
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    IS(a.st_nlink, 2);
    IS(chmod("b", 0600), 0);
    IS(stat("a", &a), 0);
    IS(a.st_mode & 07777, 0600);
    IS(unlink("a"), 0);
    IS(stat("b", &b), 0);
    IS(b.st_nlink, 1);
    TEXT(slurp("b"), "x");
}
