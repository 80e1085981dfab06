// SPDX-License-Identifier: BSD-2-Clause
// chmod, fchmod, fchmodat and umask; which bits survive.
#include "../test.h"

static struct stat status;
static int mode_of(const char *path) {
    return stat(path, &status) == 0 ? (int)(status.st_mode & 07777) : -1;
}
static void test(void) {
    int fd = make_file("f", "");
    IS(chmod("f", 07777), 0);
    IS(mode_of("f"), 07777);
    IS(fchmod(fd, 0), 0);
    IS(mode_of("f"), 0);
    IS(fchmodat(AT_FDCWD, "f", 0123, 0), 0);
    IS(mode_of("f"), 0123);
    IS(chmod("f", 0170755), 0);
    IS(mode_of("f"), 0755);
    FAILS(chmod("none", 0644), ENOENT);
    FAILS(fchmod(99, 0644), EBADF);
    IS(umask(077), 022);
    IS(umask(01777), 077);
    IS(umask(027), 0777);
    close(open("g", O_CREAT | O_RDWR, 0666));
    IS(mode_of("g"), 0640);
    IS(mkdir("d", 0777), 0);
    IS(mode_of("d"), 0750);
    IS(mkfifo("p", 0666), 0);
    IS(mode_of("p"), 0640);
    symlink("f", "l");
    IS(chmod("l", 0611), 0);
    IS(mode_of("f"), 0611);
}
