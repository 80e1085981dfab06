// SPDX-License-Identifier: BSD-2-Clause
// TIOCPKT prefixes what the master reads; TIOCEXCL refuses further opens. Needs root.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    struct pair pair = open_pair();
    int on = 1, number;
    char buffer[16] = "", name[32];
    IS(ioctl(pair.master, TIOCPKT, &on), 0);
    write(pair.terminal, "data", 4);
    IS(read(pair.master, buffer, 16), 5);
    IS(buffer[0], 0);
    TEXT(buffer + 1, "data");
    tcflush(pair.terminal, TCIFLUSH);
    IS(read(pair.master, buffer, 16), 1);
    IS(buffer[0], TIOCPKT_FLUSHREAD);
    ioctl(pair.master, TIOCGPTN, &number);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    chmod(name, 0666);
    IS(ioctl(pair.terminal, TIOCEXCL), 0);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(open(name, O_RDWR | O_NOCTTY), EBUSY);
    }), 0);
    IS(ioctl(pair.terminal, TIOCNXCL), 0);
    SUCCEEDS(open(name, O_RDWR | O_NOCTTY));
}
