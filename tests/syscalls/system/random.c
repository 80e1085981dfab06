// SPDX-License-Identifier: BSD-2-Clause
// getrandom: lengths, flags, difference; /dev/urandom.
#include "../test.h"

#include <sys/random.h>
static void test(void) {
    unsigned char a[64] = "", b[64] = "";
    IS(getrandom(a, 64, 0), 64);
    IS(getrandom(b, 64, GRND_NONBLOCK), 64);
    CHECK(memcmp(a, b, 64) != 0);
    IS(getrandom(a, 0, 0), 0);
    IS(getrandom(a, 64, GRND_RANDOM), 64);
    FAILS(getrandom(a, 64, 64), EINVAL);
    FAILS(getrandom(BAD_POINTER, 64, 0), EFAULT);
    static unsigned char big[100000];
    IS(getrandom(big, sizeof big, 0), 100000);
    int bits = 0;
    for (int i = 0; i < 100000; i++)
        bits += __builtin_popcount(big[i]);
    CHECK(bits > 395000 && bits < 405000);
    int fd = open("/dev/urandom", O_RDONLY);
    IS(read(fd, a, 64), 64);
    CHECK(memcmp(a, b, 64) != 0);
}
