// SPDX-License-Identifier: BSD-2-Clause
// OFD locks belong to the open file: shared by dup and fork, kept at other closes.
#include "../test.h"

static int set(int fd, int command, int type, long start, long length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}
static void test(void) {
    int a = make_file("f", "x"), b = open("f", O_RDWR);
    IS(set(a, F_OFD_SETLK, F_WRLCK, 0, 0), 0);
    FAILS(set(b, F_OFD_SETLK, F_WRLCK, 0, 0), EAGAIN);
    FAILS(set(b, F_SETLK, F_WRLCK, 0, 0), EAGAIN);
    IS(set(dup(a), F_OFD_SETLK, F_RDLCK, 0, 0), 0);
    IS(set(b, F_OFD_SETLK, F_RDLCK, 5, 5), 0);
    close(open("f", O_RDWR));
    FAILS(set(b, F_OFD_SETLK, F_WRLCK, 0, 1), EAGAIN);
    EXITS(CHILD({ IS(set(a, F_OFD_SETLK, F_UNLCK, 0, 0), 0); }), 0);
    IS(set(b, F_OFD_SETLK, F_WRLCK, 0, 1), 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    IS(fcntl(a, F_OFD_GETLK, &lock), 0);
    IS(lock.l_type, F_WRLCK);
    IS(lock.l_pid, -1);
    IS(lock.l_start, 0);
    IS(lock.l_len, 1);
    lock.l_pid = 5;
    FAILS(fcntl(a, F_OFD_SETLK, &lock), EINVAL);
}
