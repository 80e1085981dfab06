// SPDX-License-Identifier: BSD-2-Clause
// setuid, seteuid, setreuid, setresuid: who may change what. Needs root.
#include "../test.h"

static void show(void) {
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    note("ids %d %d %d", (int)r, (int)e, (int)s);
}
static int are(int r, int e, int s) {
    uid_t a, b, c;
    getresuid(&a, &b, &c);
    show();
    return a == (uid_t)r && b == (uid_t)e && c == (uid_t)s;
}
static void test(void) {
    EXITS(CHILD({ IS(syscall(SYS_setuid, 5), 0); IS(are(5, 5, 5), 1);
                  FAILS(syscall(SYS_setuid, 0), EPERM); }), 0);
    EXITS(CHILD({
        IS(syscall(SYS_setresuid, 1, 2, 3), 0);
        IS(are(1, 2, 3), 1);
        IS(syscall(SYS_setuid, 3), 0);
        IS(are(1, 3, 3), 1);
        FAILS(syscall(SYS_setuid, 2), EPERM);
        IS(syscall(SYS_setresuid, 3, 1, -1), 0);
        IS(are(3, 1, 3), 1);
        FAILS(syscall(SYS_setresuid, 9, -1, -1), EPERM);
    }), 0);
    EXITS(CHILD({
        IS(syscall(SYS_setreuid, 4, 5), 0);
        IS(are(4, 5, 5), 1);
        IS(syscall(SYS_setreuid, 5, 4), 0);
        IS(are(5, 4, 4), 1);
        FAILS(syscall(SYS_setreuid, 9, -1), EPERM);
    }), 0);
    EXITS(CHILD({
        IS(syscall(SYS_setresuid, -1, 1000, -1), 0);
        IS(are(0, 1000, 0), 1);
        IS(syscall(SYS_setresuid, -1, 0, -1), 0);
        IS(syscall(SYS_setfsuid, 77), 0);
        IS(syscall(SYS_setfsuid, -1), 77);
    }), 0);
}
