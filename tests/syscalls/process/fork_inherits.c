// SPDX-License-Identifier: BSD-2-Clause
// What a child inherits, and what not (alarms, pending signals, locks, times).
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "x");
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    IS(fcntl(fd, F_SETLK, &lock), 0);
    block(SIGUSR1);
    raise(SIGUSR1);
    signal(SIGUSR2, SIG_IGN);
    umask(031);
    setpriority(PRIO_PROCESS, 0, 3);
    EXITS(CHILD({
        sigset_t set;
        sigpending(&set);
        IS(sigismember(&set, SIGUSR1), 0);
        sigprocmask(SIG_BLOCK, NULL, &set);
        IS(sigismember(&set, SIGUSR1), 1);
        struct sigaction action;
        sigaction(SIGUSR2, NULL, &action);
        CHECK(action.sa_handler == SIG_IGN);
        IS(umask(0), 031);
        IS(getpriority(PRIO_PROCESS, 0), 3);
        IS(alarm(0), 0);
        FAILS(fcntl(fd, F_SETLK, &lock), EAGAIN);
        struct rusage usage;
        getrusage(RUSAGE_CHILDREN, &usage);
        IS(usage.ru_utime.tv_sec, 0);
        IS(getpgrp() == getpgid(getppid()), 1);
        IS(getsid(0) == getsid(getppid()), 1);
    }), 0);
}
