// SPDX-License-Identifier: BSD-2-Clause
// In a sticky directory only the owners remove and rename. Needs root.
#include "../test.h"

static void test(void) {
    mkdir("t", 01777);
    chmod("t", 01777);
    touch("t/roots");
    chmod("t/roots", 0666);
    touch("t/users");
    chown("t/users", 1000, 1000);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(unlink("t/roots"), EPERM);
        FAILS(rename("t/roots", "t/mine"), EPERM);
        IS(rename("t/users", "t/renamed"), 0);
        FAILS(rename("t/renamed", "t/roots"), EPERM);
        IS(unlink("t/renamed"), 0);
    }), 0);
}
