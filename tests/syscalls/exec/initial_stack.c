// SPDX-License-Identifier: BSD-2-Clause
// The first stack: alignment, argc, argv, envp and strings in order.
#include "../test.h"

static void test(void) {
    extern char **environ;
    char **argv = test_argv;
    int argc = (int)((long *)argv)[-1];
    IS(argc, 1);
    CHECK(argv[argc] == NULL);
    CHECK(environ == argv + argc + 1);
    CHECK((uintptr_t)(argv - 1) % 16 == 0);
    CHECK(argv[0] + strlen(argv[0]) + 1 == environ[0]);
    int count = 0;
    while (environ[count])
        count++;
    for (int i = 0; i + 1 < count; i++)
        CHECK(environ[i] + strlen(environ[i]) + 1 == environ[i + 1]);
}
