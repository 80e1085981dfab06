// SPDX-License-Identifier: BSD-2-Clause
// A tree deeper than PATH_MAX can be made and taken down by relative steps.
#include "../test.h"

static void test(void) {
    char name[201], here[PATH_MAX];
    memset(name, 'd', 200);
    name[200] = 0;
    int made = 0, removed = 0;
    int start = open(".", O_RDONLY);
    for (int i = 0; i < 30; i++)
        made += mkdir(name, 0755) == 0 && chdir(name) == 0;
    IS(made, 30);
    FAILS(syscall(SYS_getcwd, here, sizeof here), ENAMETOOLONG);
    touch("bottom");
    IS(access("bottom", F_OK), 0);
    IS(unlink("bottom"), 0);
    for (int i = 0; i < 30; i++)
        removed += chdir("..") == 0 && rmdir(name) == 0;
    IS(removed, 30);
    struct stat a, b;
    fstat(start, &a);
    stat(".", &b);
    CHECK(a.st_ino == b.st_ino);
}
