// SPDX-License-Identifier: BSD-2-Clause
// select: sets in and out, the count of bits, the time left, bad descriptors.
#include "../test.h"

#include <sys/select.h>
static void test(void) {
    int a[2], b[2];
    fd_set in, out, odd;
    pipe(a);
    pipe(b);
    write(a[1], "x", 1);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&odd);
    FD_SET(a[0], &in);
    FD_SET(b[0], &in);
    FD_SET(a[1], &out);
    FD_SET(a[0], &odd);
    IS(select(20, &in, &out, &odd, NULL), 2);
    IS(FD_ISSET(a[0], &in), 1);
    IS(FD_ISSET(b[0], &in), 0);
    IS(FD_ISSET(a[1], &out), 1);
    IS(FD_ISSET(a[0], &odd), 0);
    struct timeval limit = {0, 30000};
    FD_ZERO(&in);
    FD_SET(b[0], &in);
    IS(syscall(SYS_select, 20, &in, NULL, NULL, &limit), 0);
    IS(limit.tv_sec + limit.tv_usec, 0);
    IS(FD_ISSET(b[0], &in), 0);
    FD_SET(15, &in);
    FAILS(select(16, &in, NULL, NULL, NULL), EBADF);
    FAILS(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    limit = (struct timeval){-1, 0};
    FAILS(syscall(SYS_select, 0, NULL, NULL, NULL, &limit), EINVAL);
    FAILS(syscall(SYS_select, 20, BAD_POINTER, NULL, NULL, NULL), EFAULT);
}
