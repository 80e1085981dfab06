// SPDX-License-Identifier: BSD-2-Clause
// signalfd delivers blocked signals as records, and changes its mask.
#include "../test.h"

#include <sys/signalfd.h>
static void test(void) {
    sigset_t set = set_of(SIGUSR1);
    struct signalfd_siginfo got[3];
    block(SIGUSR1);
    block(SIGUSR2);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    FAILS(read(fd, got, sizeof got), EAGAIN);
    struct pollfd one = {fd, POLLIN, 0};
    IS(poll(&one, 1, 0), 0);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
    IS(poll(&one, 1, 0), 1);
    IS(read(fd, got, sizeof got), 128);
    IS(got[0].ssi_signo, SIGUSR1);
    IS(got[0].ssi_code, SI_USER);
    CHECK(got[0].ssi_pid == (uint32_t)getpid());
    sigaddset(&set, SIGUSR2);
    IS(signalfd(fd, &set, 0), fd);
    IS(read(fd, got, sizeof got), 128);
    IS(got[0].ssi_signo, SIGUSR2);
    sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = 42});
    kill(getpid(), SIGUSR1);
    IS(read(fd, got, sizeof got), 256);
    IS(got[0].ssi_signo, SIGUSR1);
    IS(got[1].ssi_int, 42);
    FAILS(read(fd, got, 100), EINVAL);
    FAILS(signalfd(0, &set, 0), EINVAL);
    FAILS(signalfd(99, &set, 0), EBADF);
    FAILS(signalfd(-1, &set, 1), EINVAL);
}
