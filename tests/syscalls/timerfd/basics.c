// SPDX-License-Identifier: BSD-2-Clause
// timerfd: one shot, repeating, absolute, disarming, gettime.
#include "../test.h"

#include <sys/timerfd.h>
static void test(void) {
    uint64_t count = 0;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct itimerspec value = {{0, 0}, {0, 20000000}}, now;
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    FAILS(read(fd, &count, 8), EAGAIN);
    IS(timerfd_settime(fd, 0, &value, NULL), 0);
    struct pollfd one = {fd, POLLIN, 0};
    IS(poll(&one, 1, 5000), 1);
    IS(read(fd, &count, 8), 8);
    IS(count, 1);
    FAILS(read(fd, &count, 8), EAGAIN);
    value.it_interval.tv_nsec = 10000000;
    IS(timerfd_settime(fd, 0, &value, NULL), 0);
    sleep_ms(100);
    IS(read(fd, &count, 8), 8);
    CHECK(count >= 8);
    IS(timerfd_gettime(fd, &now), 0);
    IS(now.it_interval.tv_nsec, 10000000);
    CHECK(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 10000000);
    value.it_value.tv_nsec = 0;
    IS(timerfd_settime(fd, 0, &value, &now), 0);
    IS(now.it_interval.tv_nsec, 10000000);
    sleep_ms(30);
    FAILS(read(fd, &count, 8), EAGAIN);
    value = (struct itimerspec){{0, 0}, {1, 0}};
    IS(timerfd_settime(fd, TFD_TIMER_ABSTIME, &value, NULL), 0);
    IS(poll(&one, 1, 5000), 1);
}
