// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/status shows the ids of each kind. Needs root.
#include "../test.h"

static void test(void) {
    EXITS(CHILD({
        char wanted[64];
        gid_t groups[] = {40, 50};
        setgroups(2, groups);
        setresgid(7, 8, 9);
        setresuid(1, 2, 3);
        strcpy(wanted, "\nUid:\t1\t2\t3\t2\n");
        CHECK(strstr(slurp("/proc/self/status"), wanted) != NULL);
        strcpy(wanted, "\nGid:\t7\t8\t9\t8\n");
        CHECK(strstr(slurp("/proc/self/status"), wanted) != NULL);
        strcpy(wanted, "\nGroups:\t40 50 \n");
        CHECK(strstr(slurp("/proc/self/status"), wanted) != NULL);
    }), 0);
}
