// SPDX-License-Identifier: BSD-2-Clause
// cmdline, environ, comm and exe of oneself.
#include "../test.h"

static void test(void) {
    char *text = slurp("/proc/self/cmdline");
    CHECK(strcmp(text, test_argv[0]) == 0);
    int fd = open("/proc/self/cmdline", O_RDONLY);
    char buffer[600];
    IS(read(fd, buffer, sizeof buffer) == (ssize_t)strlen(test_argv[0]) + 1, 1);
    text = slurp("/proc/self/environ");
    CHECK(strchr(text, '=') != NULL);
    TEXT(slurp("/proc/self/comm"), "cmdline_environ\n");
    char exe[600] = "";
    SUCCEEDS(readlink("/proc/self/exe", exe, sizeof exe - 1));
    CHECK(strcmp(exe, test_argv[0]) == 0);
}
