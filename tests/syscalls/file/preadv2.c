// SPDX-License-Identifier: BSD-2-Clause
// preadv, pwritev and the flags of preadv2: RWF_APPEND, RWF_NOWAIT, unknown ones.
#include "../test.h"

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif
static long with_flags(long number, int fd, struct iovec *vector, int count, long offset,
                       int flags) {
    return syscall(number, fd, vector, count, offset, 0L, flags);
}
static void test(void) {
    char buffer[8] = "";
    struct iovec out = {"abc", 3}, in = {buffer, 3};
    int fd = make_file("a", "0123456789");
    IS(pwritev(fd, &out, 1, 2), 3);
    IS(preadv(fd, &in, 1, 3), 3);
    TEXT(buffer, "bc5");
    IS(lseek(fd, 0, SEEK_CUR), 0);
    FAILS(preadv(fd, &in, 1, -5), EINVAL);
    IS(with_flags(SYS_preadv2, fd, &in, 1, 0, 0), 3);
    TEXT(buffer, "01a");
    IS(with_flags(SYS_preadv2, fd, &in, 1, -1, 0), 3);
    IS(lseek(fd, 0, SEEK_CUR), 3);
    IS(with_flags(SYS_pwritev2, fd, &out, 1, 0, RWF_APPEND), 3);
    TEXT(slurp("a"), "01abc56789abc");
    FAILS(with_flags(SYS_preadv2, fd, &in, 1, 0, 0x8000), EOPNOTSUPP);
}
