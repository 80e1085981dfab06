// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/maps shows protection, sharing, offset and name of a file mapping.
#include "../test.h"

static char *line_of(void *at) {
    static char line[512];
    char start[32];
    snprintf(start, sizeof start, "%08lx-", (unsigned long)at);
    for (char *text = slurp("/proc/self/maps"); text && *text;) {
        char *end = strchr(text, '\n');
        snprintf(line, sizeof line, "%.*s", (int)(end ? end - text : 400), text);
        if (strncmp(line, start, strlen(start)) == 0)
            return strchr(line, ' ') + 1;
        text = end ? end + 1 : NULL;
    }
    return "missing";
}
static void test(void) {
    int fd = make_file("named", "x");
    ftruncate(fd, 4 * PAGE);
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 2 * PAGE);
    CHECK(strncmp(line_of(at), "rw-s 00002000 ", 14) == 0);
    CHECK(strstr(line_of(at), "/named") != NULL);
    IS(mprotect(at, PAGE, PROT_READ), 0);
    CHECK(strncmp(line_of(at), "r--s 00002000 ", 14) == 0);
    char *anonymous = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(strncmp(line_of(anonymous), "---p 00000000 00:00 0", 21) == 0);
    IS(unlink("named"), 0);
    CHECK(strstr(line_of(at), "/named (deleted)") != NULL);
    char *text = slurp("/proc/self/maps");
    CHECK(strstr(text, "[stack]") != NULL);
    CHECK(strstr(text, "[vdso]") != NULL);
}
