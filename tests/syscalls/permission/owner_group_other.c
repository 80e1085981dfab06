// SPDX-License-Identifier: BSD-2-Clause
// Which class decides, for a user without privilege. Needs root.
#include "../test.h"

static int may(const char *path) {
    return (access(path, R_OK) == 0) * 4 + (access(path, W_OK) == 0) * 2 +
           (access(path, X_OK) == 0);
}
static void make(const char *path, int uid, int gid, int mode) {
    touch(path);
    chown(path, uid, gid);
    chmod(path, mode);
}
static void test(void) {
    chmod(".", 0777);
    make("own", 1000, 1000, 0421);
    make("group", 0, 1000, 0421);
    make("other", 0, 0, 0421);
    make("extra", 0, 2000, 0421);
    make("denied_owner", 1000, 1000, 0077);
    make("denied_group", 0, 1000, 0707);
    EXITS(CHILD({
        gid_t extra = 2000;
        setgroups(1, &extra);
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        IS(may("own"), 4);
        IS(may("group"), 2);
        IS(may("other"), 1);
        IS(may("extra"), 2);
        IS(may("denied_owner"), 0);
        IS(may("denied_group"), 0);
        FAILS(open("denied_owner", O_RDONLY), EACCES);
        SUCCEEDS(open("own", O_RDONLY));
        FAILS(open("own", O_RDWR), EACCES);
        FAILS(open("group", O_RDONLY), EACCES);
        SUCCEEDS(open("group", O_WRONLY));
    }), 0);
}
