// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/status: the fields programs read.
#include "../test.h"

static char text[8192];
static const char *field(const char *name) {
    static char line[128];
    char *at = strstr(text, name);
    if (!at)
        return "missing";
    sscanf(at + strlen(name), " %127[^\n]", line);
    return line;
}
static void test(void) {
    block(SIGUSR1);
    signal(SIGUSR2, SIG_IGN);
    strcpy(text, slurp("/proc/self/status"));
    CHECK(strncmp(text, "Name:\tstatus\n", 13) == 0);
    TEXT(field("\nState:"), "R (running)");
    CHECK(atoi(field("\nTgid:")) == getpid());
    CHECK(atoi(field("\nPid:")) == getpid());
    CHECK(atoi(field("\nPPid:")) == getppid());
    TEXT(field("\nTracerPid:"), "0");
    TEXT(field("\nThreads:"), "1");
    TEXT(field("\nUmask:"), "0022");
    TEXT(field("\nSigBlk:"), "0000000000000200");
    TEXT(field("\nSigIgn:"), "0000000000000800");
    TEXT(field("\nSigPnd:"), "0000000000000000");
    TEXT(field("\nNoNewPrivs:"), "0");
    CHECK(strstr(field("\nVmRSS:"), " kB") != NULL);
    CHECK(strstr(field("\nVmSize:"), " kB") != NULL);
}
