// SPDX-License-Identifier: BSD-2-Clause
// O_TMPFILE makes a nameless file that linkat can name, unless O_EXCL was given.
#include "../test.h"

static void test(void) {
    struct stat status;
    char path[64];
    int fd = open(".", O_TMPFILE | O_RDWR, 0640);
    REQUIRE(fd >= 0);
    IS(fstat(fd, &status), 0);
    IS(status.st_nlink, 0);
    IS(status.st_mode, S_IFREG | 0640);
    IS(write(fd, "data", 4), 4);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    IS(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0);
    TEXT(slurp("named"), "data");
    IS(fstat(fd, &status), 0);
    IS(status.st_nlink, 1);
    int hidden = open(".", O_TMPFILE | O_EXCL | O_RDWR, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", hidden);
    FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "other", AT_SYMLINK_FOLLOW), ENOENT);
    FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}
