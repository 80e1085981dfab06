// SPDX-License-Identifier: BSD-2-Clause
// utimensat: set, UTIME_NOW, UTIME_OMIT, nanoseconds, links, refusals.
#include "../test.h"

static struct timespec times[2];
static struct stat status;
static void test(void) {
    int fd = make_file("f", "");
    symlink("f", "l");
    times[0] = (struct timespec){123, 456};
    times[1] = (struct timespec){789, 999999999};
    IS(utimensat(AT_FDCWD, "f", times, 0), 0);
    IS(stat("f", &status), 0);
    IS(status.st_atim.tv_sec, 123);
    IS(status.st_atim.tv_nsec, 456);
    IS(status.st_mtim.tv_sec, 789);
    IS(status.st_mtim.tv_nsec, 999999999);
    times[0].tv_nsec = UTIME_OMIT;
    times[1] = (struct timespec){5, 0};
    IS(futimens(fd, times), 0);
    IS(fstat(fd, &status), 0);
    IS(status.st_atim.tv_sec, 123);
    IS(status.st_mtim.tv_sec, 5);
    times[0].tv_nsec = UTIME_NOW;
    IS(futimens(fd, times), 0);
    IS(fstat(fd, &status), 0);
    CHECK(status.st_atim.tv_sec > 1000);
    times[0].tv_nsec = 1000000000;
    FAILS(utimensat(AT_FDCWD, "f", times, 0), EINVAL);
    times[0] = times[1] = (struct timespec){77, 0};
    IS(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW), 0);
    IS(lstat("l", &status), 0);
    IS(status.st_mtim.tv_sec, 77);
    IS(stat("f", &status), 0);
    IS(status.st_mtim.tv_sec, 5);
    FAILS(utimensat(AT_FDCWD, "none", times, 0), ENOENT);
    FAILS(utimensat(AT_FDCWD, "f", times, 1), EINVAL);
    IS(utimensat(AT_FDCWD, "f", NULL, 0), 0);
    times[0] = times[1] = (struct timespec){-5, 0};
    IS(utimensat(AT_FDCWD, "f", times, 0), 0);
    IS(stat("f", &status), 0);
    IS(status.st_mtim.tv_sec, -5);
}
