// SPDX-License-Identifier: BSD-2-Clause
// Who may signal whom. Needs root.
#include "../test.h"

static void test(void) {
    pid_t user = CHILD({ setresuid(1000, 1000, 1000); for (;;) pause(); });
    pid_t other = CHILD({ setresuid(2000, 2000, 2000); for (;;) pause(); });
    pid_t root = CHILD({ for (;;) pause(); });
    sleep_ms(50);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        IS(kill(user, 0), 0);
        IS(kill(user, SIGURG), 0);
        FAILS(kill(other, 0), EPERM);
        FAILS(kill(root, 0), EPERM);
        FAILS(kill(root, SIGTERM), EPERM);
        IS(kill(root, SIGCONT), 0);
        FAILS(kill(1, SIGTERM), EPERM);
    }), 0);
    EXITS(CHILD({
        setresuid(1000, 2000, 2000);
        IS(kill(other, 0), 0);
        IS(kill(user, 0), 0);
    }), 0);
    kill(user, SIGKILL);
    kill(other, SIGKILL);
    kill(root, SIGKILL);
    DIES(user, SIGKILL);
    DIES(other, SIGKILL);
    DIES(root, SIGKILL);
}
