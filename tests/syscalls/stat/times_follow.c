// SPDX-License-Identifier: BSD-2-Clause
// Which of atime, mtime, ctime each operation moves.
#include "../test.h"

static struct stat status;
static void reset(const char *path) {
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    utimensat(AT_FDCWD, path, old, 0);
}
static int moved(const char *path) {
    stat(path, &status);
    return (status.st_atim.tv_sec > 1000) * 1 + (status.st_mtim.tv_sec > 1000) * 2;
}
static void test(void) {
    char byte;
    int fd = make_file("f", "hello");
    mkdir("d", 0755);
    reset("f");
    IS(moved("f"), 0);
    IS(write(fd, "x", 1), 1);
    IS(moved("f"), 2);
    reset("f");
    IS(read(fd, &byte, 1), 1);
    IS(moved("f"), 1);
    reset("f");
    IS(chmod("f", 0600), 0);
    IS(moved("f"), 0);
    IS(ftruncate(fd, 2), 0);
    IS(moved("f"), 2);
    reset("d");
    touch("d/x");
    IS(moved("d"), 2);
    reset("d");
    IS(unlink("d/x"), 0);
    IS(moved("d"), 2);
    reset("d");
    touch("y");
    IS(rename("y", "d/y"), 0);
    IS(moved("d"), 2);
    struct timespec before = status.st_ctim;
    sleep_ms(20);
    IS(chmod("d", 0700), 0);
    stat("d", &status);
    CHECK(status.st_ctim.tv_sec > before.tv_sec || status.st_ctim.tv_nsec > before.tv_nsec);
}
