// SPDX-License-Identifier: BSD-2-Clause
// chdir, fchdir and getcwd, with a small buffer and in a removed directory.
#include "../test.h"

static void test(void) {
    char start[PATH_MAX], here[PATH_MAX];
    REQUIRE(getcwd(start, sizeof start));
    IS(mkdir("d", 0755), 0);
    int old = open(".", O_RDONLY);
    IS(chdir("d"), 0);
    CHECK(syscall(SYS_getcwd, here, sizeof here) == (long)strlen(start) + 3);
    CHECK(strncmp(here, start, strlen(start)) == 0);
    TEXT(here + strlen(start), "/d");
    FAILS(syscall(SYS_getcwd, here, 3), ERANGE);
    FAILS(syscall(SYS_getcwd, BAD_POINTER, sizeof here), EFAULT);
    IS(rmdir("../d"), 0);
    FAILS(syscall(SYS_getcwd, here, sizeof here), ENOENT);
    FAILS(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
    IS(fchdir(old), 0);
    touch("f");
    FAILS(chdir("f"), ENOTDIR);
    FAILS(chdir("none"), ENOENT);
    FAILS(fchdir(open("f", O_RDONLY)), ENOTDIR);
    FAILS(fchdir(99), EBADF);
    IS(chdir("/"), 0);
    TEXT(getcwd(here, sizeof here), "/");
}
