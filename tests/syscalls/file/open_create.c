// SPDX-License-Identifier: BSD-2-Clause
// O_CREAT, O_EXCL and O_TRUNC: what is made, refused and emptied.
#include "../test.h"

static void test(void) {
    FAILS(open("a", O_RDWR), ENOENT);
    IS(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), 3);
    FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    IS(open("a", O_RDWR | O_CREAT, 0600), 4);
    IS(write(3, "hello", 5), 5);
    IS(lseek(4, 0, SEEK_END), 5);
    IS(open("a", O_WRONLY | O_TRUNC), 5);
    IS(lseek(4, 0, SEEK_END), 0);
    IS(symlink("nowhere", "link"), 0);
    FAILS(open("link", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    IS(open("link", O_RDWR | O_CREAT, 0600), 6);
    IS(access("nowhere", F_OK), 0);
    IS(open("b/", O_RDWR), -1);
    FAILS(open("b/", O_RDWR | O_CREAT, 0600), EISDIR);
    FAILS(open("a/", O_RDONLY), ENOTDIR);
}
