// SPDX-License-Identifier: BSD-2-Clause
// An O_PATH descriptor names a file without opening it.
#include "../test.h"

static void test(void) {
    char byte;
    struct stat status;
    make_file("a", "hello");
    int fd = open("a", O_PATH);
    IS(fd, 4);
    FAILS(read(fd, &byte, 1), EBADF);
    FAILS(write(fd, "x", 1), EBADF);
    FAILS(lseek(fd, 0, SEEK_SET), EBADF);
    FAILS(syscall(SYS_fchmod, fd, 0600), EBADF);
    FAILS(ioctl(fd, FIONREAD, &byte), EBADF);
    IS(fstat(fd, &status), 0);
    IS(status.st_size, 5);
    IS(fcntl(fd, F_GETFL) & ~0100000, O_PATH);
    IS(dup(fd), 5);
    IS(symlink("a", "link"), 0);
    int link = open("link", O_PATH | O_NOFOLLOW);
    IS(fstat(link, &status), 0);
    CHECK(S_ISLNK(status.st_mode));
    char target[8] = "";
    IS(readlinkat(link, "", target, sizeof target), 1);
    TEXT(target, "a");
    FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    int folder = open(".", O_PATH | O_DIRECTORY);
    SUCCEEDS(openat(folder, "a", O_RDONLY));
    IS(fchdir(folder), 0);
}
