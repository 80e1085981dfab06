// SPDX-License-Identifier: BSD-2-Clause
// RLIMIT_SIGPENDING bounds queued signals: EAGAIN. Needs root (another user's count).
#include "../test.h"

static void test(void) {
    EXITS(CHILD({
        struct rlimit limit = {5, 5};
        setrlimit(RLIMIT_SIGPENDING, &limit);
        setresuid(4321, 4321, 4321);
        block(40);
        int sent = 0;
        while (sigqueue(getpid(), 40, (union sigval){0}) == 0 && sent < 100)
            sent++;
        IS(sent, 5);
        FAILS(sigqueue(getpid(), 40, (union sigval){0}), EAGAIN);
        IS(kill(getpid(), SIGURG), 0);
    }), 0);
}
