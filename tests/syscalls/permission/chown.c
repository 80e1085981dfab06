// SPDX-License-Identifier: BSD-2-Clause
// chown: who may, and that set-id bits are taken away. Needs root.
#include "../test.h"

static struct stat status;
static void test(void) {
    touch("f");
    chmod("f", 06755);
    IS(chown("f", 1000, 2000), 0);
    IS(stat("f", &status), 0);
    IS(status.st_uid, 1000);
    IS(status.st_gid, 2000);
    IS(status.st_mode & 07777, 0755);
    IS(chown("f", -1, 3000), 0);
    IS(stat("f", &status), 0);
    IS(status.st_uid, 1000);
    IS(status.st_gid, 3000);
    symlink("f", "l");
    IS(lchown("l", 5, 6), 0);
    IS(lstat("l", &status), 0);
    IS(status.st_uid, 5);
    IS(fchownat(AT_FDCWD, "l", 1000, 3000, 0), 0);
    IS(stat("f", &status), 0);
    IS(status.st_uid, 1000);
    EXITS(CHILD({
        gid_t groups[] = {4000};
        setgroups(1, groups);
        setresgid(3000, 3000, 3000);
        setresuid(1000, 1000, 1000);
        IS(chown("f", -1, 4000), 0);
        FAILS(chown("f", -1, 5000), EPERM);
        FAILS(chown("f", 1001, -1), EPERM);
        IS(chown("f", 1000, -1), 0);
        IS(chmod("f", 02755), 0);
        FAILS(chown("/dev/null", 1000, -1), EPERM);
    }), 0);
    FAILS(chown("none", 0, 0), ENOENT);
    FAILS(fchown(99, 0, 0), EBADF);
}
