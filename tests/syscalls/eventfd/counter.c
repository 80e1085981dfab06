// SPDX-License-Identifier: BSD-2-Clause
// eventfd: adding, reading to nought, semaphore mode, overflow.
#include "../test.h"

#include <sys/eventfd.h>
static void test(void) {
    uint64_t value = 5;
    int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    IS(write(fd, &value, 8), 8);
    IS(read(fd, &value, 8), 8);
    IS(value, 8);
    FAILS(read(fd, &value, 8), EAGAIN);
    value = UINT64_MAX - 1;
    IS(write(fd, &value, 8), 8);
    value = 1;
    FAILS(write(fd, &value, 8), EAGAIN);
    value = UINT64_MAX;
    FAILS(write(fd, &value, 8), EINVAL);
    FAILS(write(fd, &value, 4), EINVAL);
    FAILS(read(fd, &value, 4), EINVAL);
    struct pollfd one = {fd, POLLIN | POLLOUT, 0};
    IS(poll(&one, 1, 0), 1);
    IS(one.revents, POLLIN);
    int semaphore = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    IS(read(semaphore, &value, 8), 8);
    IS(value, 1);
    IS(read(semaphore, &value, 8), 8);
    FAILS(read(semaphore, &value, 8), EAGAIN);
    FAILS(eventfd(0, 0x100), EINVAL);
    IS(lseek(fd, 0, SEEK_SET), 0);
}
