// SPDX-License-Identifier: BSD-2-Clause
// POSIX locks: conflict, sharing, splitting, query, release at close.
#include "../test.h"

static int set(int fd, int type, long start, long length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, F_SETLK, &lock);
}
static void query(int fd, int type, long start, long length, pid_t owner) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    IS(fcntl(fd, F_GETLK, &lock), 0);
    note("type %d start %ld length %ld owner right %d", lock.l_type, (long)lock.l_start,
         (long)lock.l_len, lock.l_type == F_UNLCK || lock.l_pid == owner);
}
static void test(void) {
    int fd = make_file("f", "0123456789");
    pid_t parent = getpid();
    IS(set(fd, F_WRLCK, 0, 10), 0);
    IS(set(fd, F_UNLCK, 4, 2), 0);
    IS(set(fd, F_RDLCK, 8, 2), 0);
    EXITS(CHILD({
        query(fd, F_WRLCK, 0, 0, parent);
        query(fd, F_WRLCK, 4, 2, parent);
        query(fd, F_RDLCK, 8, 2, parent);
        query(fd, F_WRLCK, 6, 4, parent);
        FAILS(set(fd, F_WRLCK, 0, 1), EAGAIN);
        IS(set(fd, F_WRLCK, 4, 2), 0);
        IS(set(fd, F_RDLCK, 8, 2), 0);
        FAILS(set(fd, F_WRLCK, 8, 1), EAGAIN);
    }), 0);
    IS(set(fd, F_WRLCK, 4, 2), 0);
    close(open("f", O_RDONLY));
    EXITS(CHILD({ IS(set(fd, F_WRLCK, 0, 0), 0); }), 0);
    FAILS(set(open("f", O_RDONLY), F_WRLCK, 0, 1), EBADF);
    FAILS(set(fd, F_RDLCK, -5, 1), EINVAL);
    FAILS(set(fd, 77, 0, 1), EINVAL);
}
