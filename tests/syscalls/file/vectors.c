// SPDX-License-Identifier: BSD-2-Clause
// readv and writev: order, short counts, zero lengths, limits.
#include "../test.h"

static void test(void) {
    char a[4] = "", b[4] = "", c[8] = "";
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    struct iovec out[3] = {{"one", 3}, {"", 0}, {"three", 5}};
    IS(writev(fd, out, 3), 8);
    TEXT(slurp("a"), "onethree");
    IS(lseek(fd, 0, SEEK_SET), 0);
    struct iovec in[3] = {{a, 2}, {b, 3}, {c, 7}};
    IS(readv(fd, in, 3), 8);
    TEXT(a, "on");
    TEXT(b, "eth");
    TEXT(c, "ree");
    IS(readv(fd, in, 3), 0);
    IS(writev(fd, out, 0), 0);
    FAILS(writev(fd, out, -1), EINVAL);
    static struct iovec many[1025];
    for (int i = 0; i < 1025; i++)
        many[i] = (struct iovec){"x", 1};
    FAILS(writev(fd, many, 1025), EINVAL);
    IS(writev(fd, many, 1024), 1024);
    struct iovec huge[2] = {{a, (size_t)SSIZE_MAX + 1}, {b, 1}};
    FAILS(readv(fd, huge, 2), EINVAL);
    FAILS(writev(fd, BAD_POINTER, 1), EFAULT);
}
