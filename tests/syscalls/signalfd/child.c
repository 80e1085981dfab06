// SPDX-License-Identifier: BSD-2-Clause
// SIGCHLD through a signalfd carries pid and status.
#include "../test.h"

#include <sys/signalfd.h>
static void test(void) {
    sigset_t set = set_of(SIGCHLD);
    struct signalfd_siginfo got;
    block(SIGCHLD);
    int fd = signalfd(-1, &set, 0);
    pid_t pid = CHILD({ _exit(19); });
    IS(read(fd, &got, sizeof got), 128);
    IS(got.ssi_signo, SIGCHLD);
    IS(got.ssi_code, CLD_EXITED);
    IS(got.ssi_status, 19);
    CHECK(got.ssi_pid == (uint32_t)pid);
    EXITS(pid, 19);
}
