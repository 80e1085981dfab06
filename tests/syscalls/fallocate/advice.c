// SPDX-License-Identifier: BSD-2-Clause
// posix_fadvise and readahead: accepted and refused.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "0123456789"), ends[2];
    pipe(ends);
    for (int advice = 0; advice <= 5; advice++)
        IS(syscall(SYS_fadvise64, fd, 0L, 0L, advice), 0);
    FAILS(syscall(SYS_fadvise64, fd, 0L, 0L, 9), EINVAL);
    FAILS(syscall(SYS_fadvise64, fd, 0L, -1L, 0), EINVAL);
    FAILS(syscall(SYS_fadvise64, ends[0], 0L, 0L, 0), ESPIPE);
    FAILS(syscall(SYS_fadvise64, 99, 0L, 0L, 0), EBADF);
}
