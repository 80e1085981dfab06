// SPDX-License-Identifier: BSD-2-Clause
// Five hundred entries, read in small pieces: each seen exactly once.
#include "../test.h"

static void test(void) {
    char name[32], seen[500] = "";
    mkdir("d", 0755);
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "d/entry-%d", i);
        touch(name);
    }
    int fd = open("d", O_RDONLY), others = 0, total = 0;
    char buffer[200];
    for (long n; (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
        for (long at = 0; at < n; at += *(uint16_t *)(buffer + at + 16), total++) {
            int index;
            if (sscanf(buffer + at + 19, "entry-%d", &index) == 1)
                seen[index]++;
            else
                others++;
        }
    int exactly_once = 0;
    for (int i = 0; i < 500; i++)
        exactly_once += seen[i] == 1;
    IS(exactly_once, 500);
    IS(others, 2);
    IS(total, 502);
}
