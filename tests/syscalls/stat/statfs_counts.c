// SPDX-License-Identifier: BSD-2-Clause
// tmpfs accounts blocks and inodes as files come and go.
#include "../test.h"

#include <sys/vfs.h>
static void test(void) {
    struct statfs before, during, after;
    static char data[16 * PAGE];
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    statfs(".", &before);  // no output between the counts: it may lie on the same file system
    write(fd, data, sizeof data);
    touch("g");
    statfs(".", &during);
    IS(before.f_bfree - during.f_bfree, 16);
    IS(before.f_ffree - during.f_ffree, 1);
    statfs(".", &during);
    ftruncate(fd, 0);
    unlink("g");
    statfs(".", &after);
    IS(after.f_bfree - during.f_bfree, 16);
    IS(after.f_ffree - during.f_ffree, 1);
}
