// SPDX-License-Identifier: BSD-2-Clause
// mount and umount of tmpfs: read-only, busy, hidden content, bind, refusals. Needs root.
#include "../test.h"

#include <sys/mount.h>
static void test(void) {
    mkdir("m", 0755);
    touch("m/below");
    IS(mount("none", "m", "tmpfs", MS_RDONLY, ""), 0);
    FAILS(access("m/below", F_OK), ENOENT);
    FAILS(open("m/x", O_RDWR | O_CREAT, 0600), EROFS);
    FAILS(mkdir("m/x", 0700), EROFS);
    FAILS(access("m", W_OK), EROFS);
    IS(mount("none", "m", NULL, MS_REMOUNT, ""), 0);
    int fd = open("m/x", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0);
    FAILS(umount("m"), EBUSY);
    FAILS(rmdir("m"), EBUSY);
    FAILS(mount("none", "m", NULL, MS_REMOUNT | MS_RDONLY, ""), EBUSY);
    mkdir("b", 0755);
    IS(mount("m", "b", NULL, MS_BIND, NULL), 0);
    IS(access("b/x", F_OK), 0);
    FAILS(link("b/x", "m/y"), EXDEV);
    IS(umount("b"), 0);
    close(fd);
    IS(umount("m"), 0);
    IS(access("m/below", F_OK), 0);
    FAILS(umount("m"), EINVAL);
    FAILS(mount("none", "m", "nosuchfs", 0, ""), ENODEV);
    FAILS(mount("none", "none", "tmpfs", 0, ""), ENOENT);
    FAILS(mount("none", "m/below", "tmpfs", 0, ""), ENOTDIR);
    IS(mount("none", "m", "tmpfs", 0, ""), 0);
    fd = open("m/x", O_RDWR | O_CREAT, 0600);
    IS(umount2("m", MNT_DETACH), 0);
    IS(write(fd, "x", 1), 1);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(mount("none", "m", "tmpfs", 0, ""), EPERM);
        FAILS(umount("/proc"), EPERM);
    }), 0);
}
