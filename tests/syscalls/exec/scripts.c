// SPDX-License-Identifier: BSD-2-Clause
// Scripts: the interpreter, its one argument, the name, nesting and its limit.
#include "../test.h"

int reexec(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        note("argument %d \"%s\"", i, argv[i]);
    return argc;
}
static void script(const char *name, const char *interpreter, const char *rest) {
    char line[1024];
    snprintf(line, sizeof line, "#!%s%s\n", interpreter, rest);
    close(make_file(name, line));
    chmod(name, 0755);
}
static void test(void) {
    char here[PATH_MAX], path[PATH_MAX + 16];
    getcwd(here, sizeof here);
    symlink(test_argv[0], "self");
    snprintf(path, sizeof path, " %s/self", here);
    script("plain", test_argv[0], "");
    script("one", path, "  a b c  ");
    char *arguments[] = {"zero", "x", NULL};
    EXITS(CHILD({ execv("plain", arguments); }), 3);
    EXITS(CHILD({ execv("./one", arguments); }), 4);
    script("missing", "/none/interpreter", "");
    FAILS(execv("missing", arguments), ENOENT);
    script("empty", "", "");
    FAILS(execv("empty", arguments), ENOEXEC);
    script("s1", "plain", "");
    script("s2", "s1", "");
    script("s3", "s2", "");
    script("s4", "s3", "");
    script("s5", "s4", "");
    EXITS(CHILD({ execv("s1", arguments); }), 4);
    EXITS(CHILD({ execv("s3", arguments); }), 6);
    FAILS(execv("s5", arguments), ELOOP);
}
