// SPDX-License-Identifier: BSD-2-Clause
// fork: two returns, copied memory and descriptors, parent's pid, one thread.
#include "../test.h"

static void test(void) {
    int local = 1, fd = make_file("f", "0123456789"), ends[2];
    pid_t parent = getpid();
    pipe(ends);
    EXITS(CHILD({
        CHECK(getppid() == parent);
        CHECK(getpid() != parent);
        CHECK(gettid() == getpid());
        local = 2;
        IS(lseek(fd, 5, SEEK_SET), 5);
        IS(write(ends[1], "c", 1), 1);
        QUIT(7);
    }), 7);
    IS(local, 1);
    IS(lseek(fd, 0, SEEK_CUR), 5);
    char byte;
    IS(read(ends[0], &byte, 1), 1);
    IS(byte, 'c');
}
