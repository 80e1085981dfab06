// SPDX-License-Identifier: BSD-2-Clause
// flock: exclusive, shared, per open file, upgrade, unlock, wait.
#include "../test.h"

static void test(void) {
    int a = make_file("f", "x"), b = open("f", O_RDONLY);
    IS(flock(a, LOCK_EX), 0);
    FAILS(flock(b, LOCK_EX | LOCK_NB), EAGAIN);
    FAILS(flock(b, LOCK_SH | LOCK_NB), EAGAIN);
    IS(flock(dup(a), LOCK_SH | LOCK_NB), 0);
    IS(flock(b, LOCK_SH | LOCK_NB), 0);
    FAILS(flock(a, LOCK_EX | LOCK_NB), EAGAIN);
    IS(flock(b, LOCK_UN), 0);
    IS(flock(a, LOCK_EX | LOCK_NB), 0);
    struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    EXITS(CHILD({ IS(fcntl(a, F_SETLK, &other), 0); }), 0);
    pid_t pid = CHILD({ int mine = open("f", O_RDWR); IS(flock(mine, LOCK_EX), 0); });
    wait_asleep(pid);
    sleep_ms(20);
    IS(waitpid(pid, NULL, WNOHANG), 0);
    IS(flock(a, LOCK_UN), 0);
    EXITS(pid, 0);
    FAILS(flock(a, 77), EINVAL);
    FAILS(flock(99, LOCK_EX), EBADF);
}
