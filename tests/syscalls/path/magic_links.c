// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/fd, /proc/self/cwd, exe and root are followed to the object itself.
#include "../test.h"

static void test(void) {
    char path[64], target[PATH_MAX] = "", here[PATH_MAX];
    struct stat a, b;
    int fd = make_file("a", "hello");
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    IS(stat(path, &a), 0);
    IS(fstat(fd, &b), 0);
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    IS(unlink("a"), 0);
    int again = open(path, O_RDONLY);
    char buffer[8] = "";
    IS(read(again, buffer, 8), 5);
    TEXT(buffer, "hello");
    SUCCEEDS(readlink("/proc/self/cwd", target, sizeof target - 1));
    CHECK(strcmp(target, getcwd(here, sizeof here)) == 0);
    IS(stat("/proc/self/root", &a), 0);
    IS(stat("/", &b), 0);
    CHECK(a.st_ino == b.st_ino);
    memset(target, 0, sizeof target);
    SUCCEEDS(readlink("/proc/self/exe", target, sizeof target - 1));
    CHECK(strstr(target, "path/magic_links") != NULL);
    IS(access("/proc/self/cwd/none", F_OK), -1);
}
