// SPDX-License-Identifier: BSD-2-Clause
// SIGCHLD: its siginfo, SA_NOCLDSTOP, SA_NOCLDWAIT and SIG_IGN.
#include "../test.h"

static siginfo_t seen;
static volatile int count;
static void handler(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    seen = *info;
    count++;
}
static void until(int wanted) {
    for (int i = 0; i < 2000 && count < wanted; i++)
        sleep_ms(1);
    IS(count, wanted);
}
static void test(void) {
    handle_info(SIGCHLD, handler, SA_RESTART);
    pid_t pid = CHILD({ _exit(21); });
    until(1);
    IS(seen.si_code, CLD_EXITED);
    IS(seen.si_status, 21);
    CHECK(seen.si_pid == pid);
    EXITS(pid, 21);
    pid = CHILD({ for (;;) pause(); });
    kill(pid, SIGSTOP);
    until(2);
    IS(seen.si_code, CLD_STOPPED);
    kill(pid, SIGCONT);
    until(3);
    IS(seen.si_code, CLD_CONTINUED);
    handle_info(SIGCHLD, handler, SA_NOCLDSTOP | SA_RESTART);
    kill(pid, SIGSTOP);
    int status;
    waitpid(pid, &status, WUNTRACED);
    IS(count, 3);
    kill(pid, SIGKILL);
    until(4);
    IS(seen.si_code, CLD_KILLED);
    DIES(pid, SIGKILL);
    handle_info(SIGCHLD, handler, SA_NOCLDWAIT | SA_RESTART);
    pid = CHILD({ _exit(0); });
    FAILS(waitpid(pid, NULL, 0), ECHILD);
    until(5);
    signal(SIGCHLD, SIG_IGN);
    pid = CHILD({ _exit(0); });
    FAILS(waitpid(pid, NULL, 0), ECHILD);
    IS(count, 5);
}
