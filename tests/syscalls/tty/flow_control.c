// SPDX-License-Identifier: BSD-2-Clause
// IXON: the stop key holds output, the start key lets it go on.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    type(&pair, "\023");
    pid_t pid = CHILD({ write(pair.terminal, "held", 4); });
    TEXT(drain(&pair), "");
    IS(waitpid(pid, NULL, WNOHANG), 0);
    type(&pair, "\021");
    EXITS(pid, 0);
    TEXT(drain(&pair), "held");
    IS(tcflow(pair.terminal, TCOOFF), 0);
    pid = CHILD({ write(pair.terminal, "again", 5); });
    TEXT(drain(&pair), "");
    IS(tcflow(pair.terminal, TCOON), 0);
    EXITS(pid, 0);
    TEXT(drain(&pair), "again");
}
