// SPDX-License-Identifier: BSD-2-Clause
// mknod of each kind, and who may make a device. Needs root.
#include "../test.h"

#include <sys/sysmacros.h>
static void test(void) {
    struct stat status;
    IS(mknod("c", S_IFCHR | 0666, makedev(1, 3)), 0);
    IS(stat("c", &status), 0);
    IS(status.st_rdev, makedev(1, 3));
    IS(status.st_mode, S_IFCHR | 0644);
    IS(mknod("b", S_IFBLK | 0600, makedev(250, 300)), 0);
    IS(stat("b", &status), 0);
    IS(minor(status.st_rdev), 300);
    FAILS(open("b", O_RDONLY), ENXIO);
    IS(mknod("r", S_IFREG | 0600, 0), 0);
    IS(mknod("plain", 0600, 0), 0);
    IS(stat("plain", &status), 0);
    CHECK(S_ISREG(status.st_mode));
    IS(mknod("s", S_IFSOCK | 0600, 0), 0);
    FAILS(open("s", O_RDONLY), ENXIO);
    FAILS(mknod("d", S_IFDIR | 0700, 0), EPERM);
    FAILS(mknod("r", S_IFREG | 0600, 0), EEXIST);
    chmod(".", 0777);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(mknod("c2", S_IFCHR | 0666, makedev(1, 3)), EPERM);
        IS(mknod("p", S_IFIFO | 0600, 0), 0);
    }), 0);
}
