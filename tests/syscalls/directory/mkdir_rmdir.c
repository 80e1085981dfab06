// SPDX-License-Identifier: BSD-2-Clause
// Making and removing directories: link counts and each refusal.
#include "../test.h"

static void test(void) {
    struct stat status;
    IS(mkdir("d", 0755), 0);
    FAILS(mkdir("d", 0755), EEXIST);
    IS(stat("d", &status), 0);
    IS(status.st_nlink, 2);
    IS(mkdir("d/e", 0700), 0);
    IS(stat("d", &status), 0);
    IS(status.st_nlink, 3);
    FAILS(rmdir("d"), ENOTEMPTY);
    FAILS(mkdir("none/x", 0755), ENOENT);
    touch("f");
    FAILS(mkdir("f", 0755), EEXIST);
    FAILS(mkdir("f/x", 0755), ENOTDIR);
    FAILS(rmdir("f"), ENOTDIR);
    FAILS(rmdir("none"), ENOENT);
    FAILS(rmdir("d/e/."), EINVAL);
    FAILS(rmdir("d/e/.."), ENOTEMPTY);
    FAILS(mkdir("/", 0755), EEXIST);
    FAILS(rmdir("/"), EBUSY);
    IS(rmdir("d/e/"), 0);
    IS(mkdir("d/g/", 0755), 0);
    FAILS(unlink("d/g"), EISDIR);
    IS(unlinkat(AT_FDCWD, "d/g", AT_REMOVEDIR), 0);
    IS(rmdir("d"), 0);
    FAILS(mkdir("", 0755), ENOENT);
}
