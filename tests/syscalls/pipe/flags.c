// SPDX-License-Identifier: BSD-2-Clause
// pipe2: O_NONBLOCK, O_CLOEXEC, and unknown flags.
#include "../test.h"

static void test(void) {
    int ends[2];
    char byte;
    IS(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    IS(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
    IS(fcntl(ends[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    FAILS(read(ends[0], &byte, 1), EAGAIN);
    static char big[1 << 17];
    IS(write(ends[1], big, sizeof big), 65536);
    FAILS(write(ends[1], big, 1), EAGAIN);
    IS(read(ends[0], big, PAGE), PAGE);
    IS(write(ends[1], big, 1), 1);
    FAILS(syscall(SYS_pipe2, ends, O_APPEND), EINVAL);
    FAILS(syscall(SYS_pipe2, ends, 1), EINVAL);
}
