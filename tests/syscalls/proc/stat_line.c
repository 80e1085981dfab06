// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/stat: name in brackets, state, parent, group, session, fields.
#include "../test.h"

#include <sys/prctl.h>
static void test(void) {
    char name[64], state;
    int pid, parent, group, session, tty, fields = 0;
    prctl(PR_SET_NAME, "a) b (c");
    char *text = slurp("/proc/self/stat");
    char *end = strrchr(text, ')');
    REQUIRE(end != NULL);
    sscanf(text, "%d (", &pid);
    snprintf(name, sizeof name, "%.*s", (int)(end - strchr(text, '(') - 1), strchr(text, '(') + 1);
    IS(sscanf(end + 2, "%c %d %d %d %d", &state, &parent, &group, &session, &tty), 5);
    CHECK(pid == getpid());
    TEXT(name, "a) b (c");
    IS(state, 'R');
    CHECK(parent == getppid());
    CHECK(group == getpgrp());
    CHECK(session == getsid(0));
    IS(tty, 0);
    for (char *at = end; (at = strchr(at + 1, ' '));)
        fields++;
    IS(fields, 50);
    IS(text[strlen(text) - 1], '\n');
}
