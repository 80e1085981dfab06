// SPDX-License-Identifier: BSD-2-Clause
// What the timerfd calls refuse.
#include "../test.h"

#include <sys/timerfd.h>
static void test(void) {
    struct itimerspec value = {{0, 0}, {0, 1000000000}};
    uint64_t count;
    int fd = timerfd_create(CLOCK_REALTIME, 0);
    FAILS(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
    FAILS(timerfd_create(77, 0), EINVAL);
    FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
    FAILS(timerfd_settime(fd, 0, &value, NULL), EINVAL);
    value.it_value.tv_nsec = -1;
    FAILS(timerfd_settime(fd, 0, &value, NULL), EINVAL);
    value.it_value.tv_nsec = 1;
    FAILS(timerfd_settime(fd, 64, &value, NULL), EINVAL);
    FAILS(timerfd_settime(0, 0, &value, NULL), EINVAL);
    FAILS(timerfd_settime(99, 0, &value, NULL), EBADF);
    FAILS(timerfd_gettime(fd, BAD_POINTER), EFAULT);
    FAILS(timerfd_settime(fd, 0, BAD_POINTER, NULL), EFAULT);
    FAILS(read(fd, &count, 4), EINVAL);
    FAILS(write(fd, &count, 8), EINVAL);
}
