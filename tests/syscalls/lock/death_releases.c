// SPDX-License-Identifier: BSD-2-Clause
// All locks of a killed process are released.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "x");
    pid_t pid = CHILD({
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int own = open("f", O_RDWR);
        IS(fcntl(own, F_SETLK, &lock), 0);
        IS(flock(own, LOCK_EX), 0);
        raise(SIGSTOP);
    });
    waitpid(pid, NULL, WUNTRACED);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    FAILS(fcntl(fd, F_SETLK, &lock), EAGAIN);
    FAILS(flock(fd, LOCK_EX | LOCK_NB), EAGAIN);
    kill(pid, SIGKILL);
    DIES(pid, SIGKILL);
    IS(fcntl(fd, F_SETLK, &lock), 0);
    IS(flock(fd, LOCK_EX | LOCK_NB), 0);
}
