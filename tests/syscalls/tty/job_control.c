// SPDX-License-Identifier: BSD-2-Clause
// Background reads stop with SIGTTIN, writes with TOSTOP; tcsetpgrp moves the foreground.
#include "../test.h"

#include "../pty.h"
static void stopped_by(pid_t pid, int number) {
    int status;
    waitpid(pid, &status, WUNTRACED);
    IS(WIFSTOPPED(status) ? WSTOPSIG(status) : -1, number);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}
static void test(void) {
    EXITS(CHILD({
        struct pair pair = open_pair();
        char byte;
        struct termios mode;
        setsid();
        IS(ioctl(pair.terminal, TIOCSCTTY, 0), 0);
        stopped_by(CHILD({ setpgid(0, 0); read(pair.terminal, &byte, 1); }), SIGTTIN);
        EXITS(CHILD({ setpgid(0, 0); IS(write(pair.terminal, "x", 1), 1); }), 0);
        tcgetattr(pair.terminal, &mode);
        mode.c_lflag |= TOSTOP;
        tcsetattr(pair.terminal, TCSANOW, &mode);
        stopped_by(CHILD({ setpgid(0, 0); write(pair.terminal, "x", 1); }), SIGTTOU);
        stopped_by(CHILD({ setpgid(0, 0); tcsetpgrp(pair.terminal, getpgrp()); }), SIGTTOU);
        stopped_by(CHILD({ setpgid(0, 0); tcsetattr(pair.terminal, TCSANOW, &mode); }), SIGTTOU);
        EXITS(CHILD({
            setpgid(0, 0);
            signal(SIGTTOU, SIG_IGN);
            IS(tcsetpgrp(pair.terminal, getpgrp()), 0);
            IS(tcgetpgrp(pair.terminal) == getpgrp(), 1);
            type(&pair, "z\n");
            IS(read(pair.terminal, &byte, 1), 1);
            tcsetpgrp(pair.terminal, getppid());
        }), 0);
        EXITS(CHILD({
            setpgid(0, 0);
            signal(SIGTTIN, SIG_IGN);
            FAILS(read(pair.terminal, &byte, 1), EIO);
        }), 0);
        FAILS(tcsetpgrp(pair.terminal, 999999), ESRCH);
    }), 0);
}
