// SPDX-License-Identifier: BSD-2-Clause
// Set-user-id and set-group-id programs change the effective and saved ids. Needs root.
#include "../test.h"

#include <sys/prctl.h>
int reexec(int argc, char **argv) {
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    note("%s: user %d %d %d", argv[1], r, e, s);
    getresgid(&r, &e, &s);
    note("%s: group %d %d %d", argv[1], r, e, s);
    return argc;
}
static void test(void) {
    static char image[1 << 20];
    int from = open(test_argv[0], O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0755);
    write(to, image, read(from, image, sizeof image));
    close(to);
    chown("copy", 500, 600);
    chmod("copy", 06755);
    EXITS(CHILD({
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        execl("./copy", "copy", "set", NULL);
    }), 2);
    EXITS(CHILD({
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        execl("./copy", "copy", "no new privileges", NULL);
    }), 2);
    chmod("copy", 0755);
    EXITS(CHILD({ execl("./copy", "copy", "plain", NULL); }), 2);
}
