// SPDX-License-Identifier: BSD-2-Clause
// F_SETLKW waits, is interrupted, and sees dead-locks.
#include "../test.h"

static int set(int fd, int command, int type, long start) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    return fcntl(fd, command, &lock);
}
static void handler(int number) {
    (void)number;
}
static void test(void) {
    int fd = make_file("f", "01");
    IS(set(fd, F_SETLK, F_WRLCK, 0), 0);
    pid_t pid = CHILD({ IS(set(fd, F_SETLKW, F_WRLCK, 0), 0); });
    wait_asleep(pid);
    sleep_ms(20);
    IS(waitpid(pid, NULL, WNOHANG), 0);
    IS(set(fd, F_SETLK, F_UNLCK, 0), 0);
    EXITS(pid, 0);
    IS(set(fd, F_SETLK, F_WRLCK, 0), 0);
    pid = CHILD({
        handle(SIGALRM, handler, 0);
        struct itimerval soon = {.it_value = {0, 50000}};
        setitimer(ITIMER_REAL, &soon, NULL);
        FAILS(set(fd, F_SETLKW, F_WRLCK, 0), EINTR);
    });
    EXITS(pid, 0);
    pid = CHILD({
        IS(set(fd, F_SETLK, F_WRLCK, 1), 0);
        set(fd, F_SETLKW, F_WRLCK, 0);
    });
    wait_asleep(pid);
    FAILS(set(fd, F_SETLKW, F_WRLCK, 1), EDEADLK);
    IS(set(fd, F_SETLK, F_UNLCK, 0), 0);
    EXITS(pid, 0);
}
