// SPDX-License-Identifier: BSD-2-Clause
// setgid, setregid, setresgid, setfsgid likewise. Needs root.
#include "../test.h"

static int are(int r, int e, int s) {
    gid_t a, b, c;
    getresgid(&a, &b, &c);
    note("ids %d %d %d", (int)a, (int)b, (int)c);
    return a == (gid_t)r && b == (gid_t)e && c == (gid_t)s;
}
static void test(void) {
    EXITS(CHILD({
        IS(syscall(SYS_setresgid, 1, 2, 3), 0);
        IS(are(1, 2, 3), 1);
        IS(syscall(SYS_setgid, 9), 0);
        IS(are(9, 9, 9), 1);
        IS(syscall(SYS_setregid, 4, 5), 0);
        IS(are(4, 5, 5), 1);
        IS(syscall(SYS_setfsgid, 77), 5);
        syscall(SYS_setresuid, 1000, 1000, 1000);
        FAILS(syscall(SYS_setgid, 0), EPERM);
        IS(syscall(SYS_setgid, 4), 0);
        IS(are(4, 4, 5), 1);
        FAILS(syscall(SYS_setresgid, 8, -1, -1), EPERM);
        FAILS(syscall(SYS_getresgid, BAD_POINTER, NULL, NULL), EFAULT);
    }), 0);
}
