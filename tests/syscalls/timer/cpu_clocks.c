// SPDX-License-Identifier: BSD-2-Clause
// CPU clocks count work, not sleep; clock ids of processes; times().
#include "../test.h"

#include <sys/times.h>
static int64_t cpu_ms(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}
static void test(void) {
    int64_t start = cpu_ms(CLOCK_PROCESS_CPUTIME_ID);
    sleep_ms(200);
    CHECK(cpu_ms(CLOCK_PROCESS_CPUTIME_ID) - start < 150);
    start = cpu_ms(CLOCK_THREAD_CPUTIME_ID);
    int64_t wall = now_ms();
    while (cpu_ms(CLOCK_THREAD_CPUTIME_ID) - start < 50 && now_ms() - wall < 10000) {
    }
    CHECK(cpu_ms(CLOCK_THREAD_CPUTIME_ID) - start >= 50);
    CHECK(now_ms() - wall >= 25); // a busy host keeps the two clocks apart
    clockid_t clock;
    IS(clock_getcpuclockid(0, &clock), 0);
    CHECK(cpu_ms(clock) >= 50);
    struct tms times_now;
    CHECK(times(&times_now) != (clock_t)-1);
    IS(times_now.tms_cutime, 0);
}
