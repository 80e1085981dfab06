// SPDX-License-Identifier: BSD-2-Clause
// rename replaces a file, an empty directory, and nothing else.
#include "../test.h"

static void test(void) {
    struct stat a, b;
    make_file("a", "A");
    make_file("b", "B");
    stat("a", &a);
    IS(rename("a", "b"), 0);
    stat("b", &b);
    CHECK(a.st_ino == b.st_ino);
    TEXT(slurp("b"), "A");
    FAILS(rename("a", "c"), ENOENT);
    mkdir("d", 0755);
    mkdir("empty", 0755);
    mkdir("full", 0755);
    touch("full/x");
    FAILS(rename("b", "d"), EISDIR);
    FAILS(rename("d", "b"), ENOTDIR);
    FAILS(rename("d", "full"), ENOTEMPTY);
    IS(rename("full", "empty"), 0);
    IS(access("empty/x", F_OK), 0);
    mkdir("empty/deep", 0755);
    FAILS(rename("empty", "empty/deep/y"), EINVAL);
    FAILS(rename("d", "d/sub"), EINVAL);
    FAILS(rename("empty/x", "none/x"), ENOENT);
    IS(rename("b", "b"), 0);
    TEXT(slurp("b"), "A");
}
