// SPDX-License-Identifier: BSD-2-Clause
// alarm: seconds left, replacement, cancellation.
#include "../test.h"

static volatile int count;
static void handler(int number) {
    (void)number;
    count++;
}
static void test(void) {
    handle(SIGALRM, handler, 0);
    alarm(0);
    IS(alarm(100), 0);
    IS(alarm(50), 100);
    IS(alarm(1), 50);
    int64_t start = now_ms();
    FAILS(pause(), EINTR);
    CHECK(now_ms() - start >= 900);
    IS(count, 1);
    IS(alarm(0), 0);
    alarm(100);
    IS(alarm(0), 100);
}
