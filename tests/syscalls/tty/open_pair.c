// SPDX-License-Identifier: BSD-2-Clause
// A pseudo-terminal: numbers, names, unlocking, modes; both ways of bytes.
#include "../test.h"

#include "../pty.h"
static void test(void) {
    int number, terminal, master = posix_openpt(O_RDWR | O_NOCTTY);
    char name[32], buffer[16] = "";
    REQUIRE(master >= 0);
    IS(ioctl(master, TIOCGPTN, &number), 0);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    FAILS(open(name, O_RDWR | O_NOCTTY), EIO);
    IS(unlockpt(master), 0);
    terminal = SUCCEEDS(open(name, O_RDWR | O_NOCTTY));
    IS(isatty(master), 1);
    IS(isatty(terminal), 1);
    struct stat status;
    IS(fstat(terminal, &status), 0);
    IS(status.st_rdev >> 8, 136);
    set_raw(terminal);
    IS(write(terminal, "out\n", 4), 4);
    IS(read(master, buffer, 16), 4);
    TEXT(buffer, "out\n");
    IS(write(master, "in\r\003", 4), 4);
    memset(buffer, 0, sizeof buffer);
    IS(read(terminal, buffer, 16), 4);
    TEXT(buffer, "in\r\003");
    IS(isatty(0), 0);
    int zero = 0;
    FAILS(ioctl(zero, TCGETS, buffer), ENOTTY);
    close(master);
    IS(read(terminal, buffer, 16), 0);
    FAILS(write(terminal, "x", 1), EIO);
}
