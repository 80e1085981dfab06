// SPDX-License-Identifier: BSD-2-Clause
// Half a megabyte through splice and sendfile arrives unharmed.
#include "../test.h"

#include <sys/sendfile.h>
static unsigned char data[500000], got[500000];
static void test(void) {
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = i * 31 + i / 257;
    int from = open("a", O_RDWR | O_CREAT, 0600), to = open("b", O_RDWR | O_CREAT, 0600), ends[2];
    IS(write(from, data, sizeof data), 500000);
    pipe(ends);
    loff_t in = 0;
    long moved = 0;
    while (in < 500000) {
        ssize_t n = splice(from, &in, ends[1], NULL, 30000, 0);
        for (ssize_t left = n, m; left > 0; left -= m, moved += m)
            REQUIRE((m = splice(ends[0], NULL, to, NULL, left, 0)) > 0);
    }
    IS(moved, 500000);
    IS(pread(to, got, sizeof got, 0), 500000);
    IS(memcmp(data, got, sizeof data), 0);
    int third = open("c", O_RDWR | O_CREAT, 0600);
    off_t offset = 0;
    while (offset < 500000)
        REQUIRE(sendfile(third, to, &offset, 500000 - offset) > 0);
    IS(pread(third, got, sizeof got, 0), 500000);
    IS(memcmp(data, got, sizeof data), 0);
}
