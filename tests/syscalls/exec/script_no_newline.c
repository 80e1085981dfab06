// SPDX-License-Identifier: BSD-2-Clause
// A script without a final newline works; a first line cut at 256 bytes does not.
#include "../test.h"

int reexec(int argc, char **argv) {
    (void)argv;
    return argc;
}
static void test(void) {
    char line[1024], *arguments[] = {"x", NULL};
    snprintf(line, sizeof line, "#!%s", test_argv[0]);
    close(make_file("a", line));
    chmod("a", 0755);
    EXITS(CHILD({ execv("a", arguments); }), 2);
    snprintf(line, sizeof line, "#!%s\targument\r\n", test_argv[0]);
    close(make_file("b", line));
    chmod("b", 0755);
    EXITS(CHILD({ execv("b", arguments); }), 3);
    memset(line, 'x', sizeof line);
    memcpy(line, "#!/", 3);
    line[600] = 0;
    close(make_file("c", line));
    chmod("c", 0755);
    FAILS(execv("c", arguments), ENOEXEC);
}
