// SPDX-License-Identifier: BSD-2-Clause
// PR_SET_PDEATHSIG is sent when the parent ends.
#include "../test.h"

#include <sys/prctl.h>
static void test(void) {
    int ends[2], kept = 0;
    char byte;
    pipe(ends);
    pid_t pid = CHILD({
        CHILD({
            IS(prctl(PR_SET_PDEATHSIG, SIGUSR1), 0);
            IS(prctl(PR_GET_PDEATHSIG, &kept), 0);
            IS(kept, SIGUSR1);
            write(ends[1], "r", 1);
            pause();
        });
        read(ends[0], &byte, 1);
    });
    close(ends[1]);
    EXITS(pid, 0);
    IS(read(ends[0], &byte, 1), 0);
    FAILS(prctl(PR_SET_PDEATHSIG, 100), EINVAL);
}
