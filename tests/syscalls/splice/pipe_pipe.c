// SPDX-License-Identifier: BSD-2-Clause
// splice from pipe to pipe moves bytes, tee copies them.
#include "../test.h"

static void test(void) {
    int a[2], b[2];
    char buffer[16] = "";
    pipe(a);
    pipe(b);
    write(a[1], "hello", 5);
    IS(tee(a[0], b[1], 3, 0), 3);
    IS(read(b[0], buffer, 16), 3);
    TEXT(buffer, "hel");
    IS(tee(a[0], b[1], 100, 0), 5);
    IS(splice(a[0], NULL, b[1], NULL, 100, 0), 5);
    IS(read(b[0], buffer, 16), 10);
    TEXT(buffer, "hellohello");
    FAILS(tee(a[0], b[1], 1, SPLICE_F_NONBLOCK), EAGAIN);
    FAILS(tee(a[0], a[1], 1, 0), EINVAL);
    FAILS(splice(a[0], NULL, a[1], NULL, 1, 0), EINVAL);
    FAILS(tee(a[0], 0, 1, 0), EBADF);
    close(a[1]);
    IS(splice(a[0], NULL, b[1], NULL, 1, 0), 0);
    IS(tee(a[0], b[1], 1, 0), 0);
}
