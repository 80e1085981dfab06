// SPDX-License-Identifier: BSD-2-Clause
// Only the owner changes the mode; setgid goes away outside the group. Needs root.
#include "../test.h"

static struct stat status;
static void test(void) {
    touch("mine");
    chown("mine", 1000, 3000);
    touch("roots");
    EXITS(CHILD({
        setresgid(1000, 1000, 1000);
        setgroups(0, NULL);
        setresuid(1000, 1000, 1000);
        FAILS(chmod("roots", 0777), EPERM);
        IS(chmod("mine", 06777), 0);
        IS(stat("mine", &status), 0);
        IS(status.st_mode & 07777, 04777);
        int fd = open("mine", O_WRONLY);
        IS(write(fd, "x", 1), 1);
        IS(stat("mine", &status), 0);
        IS(status.st_mode & 07777, 0777);
    }), 0);
}
