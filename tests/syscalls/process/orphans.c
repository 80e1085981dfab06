// SPDX-License-Identifier: BSD-2-Clause
// Orphans go to the nearest subreaper.
#include "../test.h"

#include <sys/prctl.h>
static void test(void) {
    int status, on = 0;
    IS(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    IS(prctl(PR_GET_CHILD_SUBREAPER, &on), 0);
    IS(on, 1);
    pid_t reaper = getpid();
    pid_t *grandchild = map_shared(1);
    EXITS(CHILD({
        pid_t middle = getpid();
        *grandchild = CHILD({
            while (getppid() == middle)
                sleep_ms(1);
            CHECK(getppid() == reaper);
            QUIT(44);
        });
    }), 0);
    CHECK(waitpid(-1, &status, 0) == *grandchild);
    IS(WEXITSTATUS(status), 44);
}
