// SPDX-License-Identifier: BSD-2-Clause
// A full pipe holds the writer until there is room; the data is whole.
#include "../test.h"

static void test(void) {
    int ends[2];
    static unsigned char data[300000], got[300000];
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = i * 7 + i / 251;
    pipe(ends);
    pid_t pid = CHILD({ close(ends[0]); IS(write(ends[1], data, sizeof data), 300000); });
    close(ends[1]);
    wait_asleep(pid);
    size_t total = 0;
    for (ssize_t n; (n = read(ends[0], got + total, 7777)) > 0;)
        total += n;
    IS(total, 300000);
    IS(memcmp(data, got, sizeof data), 0);
    EXITS(pid, 0);
}
