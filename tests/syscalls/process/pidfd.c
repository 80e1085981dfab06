// SPDX-License-Identifier: BSD-2-Clause
// pidfd_open, CLONE_PIDFD: polling for the end, signalling, waiting by P_PIDFD.
#include "../test.h"

static void test(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t pid = CHILD({ close(ends[1]); read(ends[0], &byte, 1); QUIT(4); });
    close(ends[0]);
    int fd = SUCCEEDS(syscall(SYS_pidfd_open, pid, 0));
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    struct pollfd poller = {fd, POLLIN, 0};
    IS(poll(&poller, 1, 0), 0);
    IS(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), 0);
    close(ends[1]);
    IS(poll(&poller, 1, 5000), 1);
    IS(poller.revents, POLLIN);
    siginfo_t info;
    IS(waitid(3, fd, &info, WEXITED), 0);
    IS(info.si_status, 4);
    FAILS(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0), ESRCH);
    FAILS(syscall(SYS_pidfd_open, pid, 0), ESRCH);
    FAILS(syscall(SYS_pidfd_open, -1, 0), EINVAL);
    FAILS(syscall(SYS_pidfd_open, getpid(), 1), EINVAL);
    pid = CHILD({ pause(); });
    fd = SUCCEEDS(syscall(SYS_pidfd_open, pid, 0));
    IS(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0), 0);
    DIES(pid, SIGTERM);
}
