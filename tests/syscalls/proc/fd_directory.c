// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/fd and fdinfo list exactly what is open.
#include "../test.h"

static void test(void) {
    char target[PATH_MAX] = "";
    int fd = make_file("f", "0123456789"), seen = 0, count = 0;
    lseek(fd, 7, SEEK_SET);
    dup2(fd, 30);
    DIR *stream = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.') {
            count++;
            seen += atoi(entry->d_name) == 30;
        }
    IS(seen, 1);
    IS(count, 6);
    closedir(stream);
    SUCCEEDS(readlink("/proc/self/fd/30", target, sizeof target - 1));
    TEXT(strrchr(target, '/'), "/f");
    struct stat status;
    IS(lstat("/proc/self/fd/30", &status), 0);
    IS(status.st_mode, S_IFLNK | 0700);
    char *info = slurp("/proc/self/fdinfo/30");
    CHECK(strncmp(info, "pos:\t7\nflags:\t0100002\nmnt_id:\t", 30) == 0);
    FAILS(readlink("/proc/self/fd/99", target, sizeof target), ENOENT);
    IS(access("/dev/fd/30", R_OK) == 0 || access("/dev/fd", F_OK) != 0, 1);
}
