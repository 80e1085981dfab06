// SPDX-License-Identifier: BSD-2-Clause
// Opening a FIFO: blocking until the other side comes, O_NONBLOCK's two answers, O_RDWR.
#include "../test.h"

static void test(void) {
    IS(mkfifo("p", 0600), 0);
    FAILS(mkfifo("p", 0600), EEXIST);
    FAILS(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
    int reader = SUCCEEDS(open("p", O_RDONLY | O_NONBLOCK));
    char byte;
    IS(read(reader, &byte, 1), 0);
    int writer = SUCCEEDS(open("p", O_WRONLY | O_NONBLOCK));
    FAILS(read(reader, &byte, 1), EAGAIN);
    IS(write(writer, "x", 1), 1);
    IS(read(reader, &byte, 1), 1);
    close(reader);
    close(writer);
    int both = SUCCEEDS(open("p", O_RDWR));
    IS(write(both, "y", 1), 1);
    IS(read(both, &byte, 1), 1);
    IS(byte, 'y');
    close(both);
    pid_t pid = CHILD({
        sleep_ms(30);
        int fd = open("p", O_WRONLY);
        IS(write(fd, "z", 1), 1);
    });
    reader = SUCCEEDS(open("p", O_RDONLY));
    IS(read(reader, &byte, 1), 1);
    IS(byte, 'z');
    IS(read(reader, &byte, 1), 0);
    EXITS(pid, 0);
}
