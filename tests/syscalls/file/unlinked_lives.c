// SPDX-License-Identifier: BSD-2-Clause
// An unlinked file lives until its last descriptor is closed.
#include "../test.h"

static void test(void) {
    struct stat status;
    char buffer[8] = "";
    int fd = make_file("a", "alive");
    IS(unlink("a"), 0);
    FAILS(open("a", O_RDONLY), ENOENT);
    IS(fstat(fd, &status), 0);
    IS(status.st_nlink, 0);
    IS(read(fd, buffer, 8), 5);
    TEXT(buffer, "alive");
    IS(pwrite(fd, "again", 5, 5), 5);
    IS(lseek(fd, 0, SEEK_END), 10);
    IS(make_file("a", "new"), 4);
    IS(pread(fd, buffer, 5, 0), 5);
    TEXT(buffer, "alive");
    char path[64], link[128] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SUCCEEDS(readlink(path, link, sizeof link - 1));
    CHECK(strstr(link, "/a (deleted)") != NULL);
}
