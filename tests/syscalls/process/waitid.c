// SPDX-License-Identifier: BSD-2-Clause
// waitid fills siginfo for exits, signals, stops; WNOWAIT leaves the zombie.
#include "../test.h"

static void show(siginfo_t *info, pid_t pid) {
    note("signo %d code %d status %d", info->si_signo, info->si_code, info->si_status);
    CHECK(info->si_pid == pid);
    CHECK(info->si_uid == getuid());
}
static void test(void) {
    siginfo_t info;
    pid_t pid = CHILD({ _exit(33); });
    IS(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
    show(&info, pid);
    IS(info.si_code, CLD_EXITED);
    IS(info.si_status, 33);
    IS(waitid(P_PID, pid, &info, WEXITED), 0);
    show(&info, pid);
    FAILS(waitid(P_PID, pid, &info, WEXITED), ECHILD);
    pid = CHILD({ for (;;) pause(); });
    memset(&info, 0xee, sizeof info);
    IS(waitid(P_PID, pid, &info, WEXITED | WNOHANG), 0);
    IS(info.si_pid, 0);
    IS(info.si_signo, 0);
    kill(pid, SIGSTOP);
    IS(waitid(P_ALL, 0, &info, WSTOPPED), 0);
    IS(info.si_code, CLD_STOPPED);
    IS(info.si_status, SIGSTOP);
    kill(pid, SIGCONT);
    IS(waitid(P_PGID, getpgrp(), &info, WCONTINUED), 0);
    IS(info.si_code, CLD_CONTINUED);
    kill(pid, SIGTERM);
    IS(waitid(P_PID, pid, &info, WEXITED), 0);
    show(&info, pid);
    IS(info.si_code, CLD_KILLED);
    FAILS(waitid(P_PID, pid, &info, 0), EINVAL);
    FAILS(waitid(77, pid, &info, WEXITED), EINVAL);
}
