// SPDX-License-Identifier: BSD-2-Clause
// /dev/tty is the controlling terminal; TIOCNOTTY lets go; a session has but one.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    FAILS(open("/dev/tty", O_RDWR), ENXIO);
    EXITS(CHILD({
        struct pair pair = open_pair(), other = open_pair();
        setsid();
        FAILS(open("/dev/tty", O_RDWR), ENXIO);
        IS(ioctl(pair.terminal, TIOCSCTTY, 0), 0);
        FAILS(ioctl(other.terminal, TIOCSCTTY, 0), EPERM);
        int fd = SUCCEEDS(open("/dev/tty", O_RDWR));
        IS(write(fd, "via tty", 7), 7);
        TEXT(drain(&pair), "via tty");
        pid_t session;
        IS(ioctl(fd, TIOCGSID, &session), 0);
        CHECK(session == getpid());
        FAILS(ioctl(other.terminal, TIOCGSID, &session), ENOTTY);
        FAILS(tcgetpgrp(other.terminal), ENOTTY);
        signal(SIGHUP, SIG_IGN);
        IS(ioctl(fd, TIOCNOTTY), 0);
        FAILS(open("/dev/tty", O_RDWR), ENXIO);
    }), 0);
    EXITS(CHILD({
        struct pair pair = open_pair();
        char name[32];
        int number;
        ioctl(pair.master, TIOCGPTN, &number);
        snprintf(name, sizeof name, "/dev/pts/%d", number);
        setsid();
        SUCCEEDS(open(name, O_RDWR));
        SUCCEEDS(open("/dev/tty", O_RDWR));
    }), 0);
}
