// SPDX-License-Identifier: BSD-2-Clause
// The default action of every signal, by dying, stopping or living.
#include "../test.h"

static void test(void) {
    for (int number = 1; number < 32; number++) {
        int status;
        pid_t pid = CHILD({
            struct rlimit limit = {0, 0};
            setrlimit(RLIMIT_CORE, &limit);
            setpgid(0, 0);
            kill(getpid(), number);
            QUIT(0);
        });
        setpgid(pid, pid);
        waitpid(pid, &status, WUNTRACED);
        if (WIFSTOPPED(status)) {
            note("%s stops", SIGNAL_NAME(number));
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        } else if (WIFSIGNALED(status)) {
            note("%s ends", SIGNAL_NAME(number));
        } else {
            note("%s nothing", SIGNAL_NAME(number));
        }
        bool stops = number == SIGSTOP || number == SIGTSTP || number == SIGTTIN ||
                     number == SIGTTOU;
        bool nothing = number == SIGCHLD || number == SIGURG || number == SIGWINCH ||
                       number == SIGCONT;
        if (WIFSTOPPED(status) != stops || WIFEXITED(status) != nothing)
            FAILED("%s has status %#x", SIGNAL_NAME(number), status);
    }
}
