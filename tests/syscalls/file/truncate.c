// SPDX-License-Identifier: BSD-2-Clause
// truncate and ftruncate grow with zeros, shrink for good, and refuse what is no file.
#include "../test.h"

static void test(void) {
    char buffer[16];
    int fd = make_file("a", "0123456789");
    IS(ftruncate(fd, 4), 0);
    IS(ftruncate(fd, 8), 0);
    IS(pread(fd, buffer, 16, 0), 8);
    CHECK(memcmp(buffer, "0123\0\0\0\0", 8) == 0);
    IS(truncate("a", 2), 0);
    TEXT(slurp("a"), "01");
    FAILS(truncate("a", -1), EINVAL);
    FAILS(ftruncate(fd, -1), EINVAL);
    FAILS(truncate("none", 0), ENOENT);
    FAILS(truncate(".", 0), EISDIR);
    IS(symlink("a", "link"), 0);
    IS(truncate("link", 1), 0);
    TEXT(slurp("a"), "0");
    int ends[2];
    pipe(ends);
    FAILS(ftruncate(ends[1], 0), EINVAL);
    FAILS(ftruncate(99, 0), EBADF);
}
