// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/limits shows the limits.
#include "../test.h"

static void test(void) {
    struct rlimit limit = {123, 456};
    setrlimit(RLIMIT_NOFILE, &limit);
    char *text = slurp("/proc/self/limits");
    const char *head = "Limit                     Soft Limit           Hard Limit";
    CHECK(!strncmp(text, head, strlen(head)));
    CHECK(strstr(text, "\nMax open files            123                  456                  fi"));
    CHECK(strstr(text, "\nMax cpu time              unlimited") != NULL);
}
