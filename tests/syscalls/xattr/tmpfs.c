// SPDX-License-Identifier: BSD-2-Clause
// Extended attributes on tmpfs: trusted.* works, user.* is not supported there in 6.1. Needs
// root.
#include "../test.h"

#include <sys/xattr.h>
static void test(void) {
    char value[16] = "", list[256];
    touch("f");
    IS(setxattr("f", "trusted.a", "one", 3, 0), 0);
    IS(getxattr("f", "trusted.a", value, 16), 3);
    TEXT(value, "one");
    IS(getxattr("f", "trusted.a", NULL, 0), 3);
    FAILS(getxattr("f", "trusted.a", value, 2), ERANGE);
    FAILS(setxattr("f", "trusted.a", "x", 1, XATTR_CREATE), EEXIST);
    IS(setxattr("f", "trusted.a", "longer", 6, XATTR_REPLACE), 0);
    FAILS(setxattr("f", "trusted.b", "x", 1, XATTR_REPLACE), ENODATA);
    IS(setxattr("f", "trusted.b", "", 0, XATTR_CREATE), 0);
    IS(getxattr("f", "trusted.b", value, 16), 0);
    ssize_t n = listxattr("f", list, sizeof list);
    int found = 0;
    for (char *at = list; at < list + n; at += strlen(at) + 1)
        found += !strcmp(at, "trusted.a") || !strcmp(at, "trusted.b");
    IS(found, 2);
    IS(removexattr("f", "trusted.a"), 0);
    FAILS(getxattr("f", "trusted.a", value, 16), ENODATA);
    FAILS(removexattr("f", "trusted.a"), ENODATA);
    FAILS(getxattr("f", "nodomain", value, 16), EOPNOTSUPP);
    FAILS(getxattr("none", "trusted.a", value, 16), ENOENT);
    FAILS(setxattr("f", "trusted.c", "x", 1, 7), EINVAL);
    FAILS(setxattr("f", "trusted.c", value, 65537, 0), E2BIG);
    int fd = open("f", O_RDONLY);
    IS(fsetxattr(fd, "trusted.d", "x", 1, 0), 0);
    IS(fgetxattr(fd, "trusted.d", value, 16), 1);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(getxattr("f", "trusted.d", value, 16), ENODATA);
        FAILS(setxattr("f", "trusted.d", "x", 1, 0), EPERM);
    }), 0);
}
