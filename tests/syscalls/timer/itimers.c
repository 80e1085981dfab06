// SPDX-License-Identifier: BSD-2-Clause
// The three interval timers: signals, repetition, remaining time.
#include "../test.h"

static volatile int alarms, virtuals, profiles;
static void handler(int number) {
    alarms += number == SIGALRM;
    virtuals += number == SIGVTALRM;
    profiles += number == SIGPROF;
}
static void test(void) {
    struct itimerval value = {{0, 10000}, {0, 20000}}, now;
    handle(SIGALRM, handler, 0);
    handle(SIGVTALRM, handler, 0);
    handle(SIGPROF, handler, 0);
    IS(setitimer(ITIMER_REAL, &value, NULL), 0);
    IS(getitimer(ITIMER_REAL, &now), 0);
    IS(now.it_interval.tv_usec, 10000);
    CHECK(now.it_value.tv_usec > 0 && now.it_value.tv_usec <= 20000);
    while (alarms < 3)
        pause();
    IS(virtuals, 0);
    value = (struct itimerval){{0, 0}, {0, 0}};
    IS(setitimer(ITIMER_REAL, &value, &now), 0);
    IS(now.it_interval.tv_usec, 10000);
    value.it_value.tv_usec = 30000;
    IS(setitimer(ITIMER_VIRTUAL, &value, NULL), 0);
    IS(setitimer(ITIMER_PROF, &value, NULL), 0);
    for (int64_t start = now_ms(); (!virtuals || !profiles) && now_ms() - start < 5000;)
        for (volatile int i = 0; i < 1000000 && (!virtuals || !profiles); i++) {
        }
    IS(virtuals, 1);
    IS(profiles, 1);
    FAILS(setitimer(3, &value, NULL), EINVAL);
    value.it_value.tv_usec = 1000000;
    FAILS(setitimer(ITIMER_REAL, &value, NULL), EINVAL);
    FAILS(getitimer(ITIMER_REAL, BAD_POINTER), EFAULT);
}
