// SPDX-License-Identifier: BSD-2-Clause
// Threads start with default floating point control, not their maker's registers.
#include "../test.h"

static volatile unsigned seen;
static void *worker(void *unused) {
    unsigned mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    seen = mxcsr;
    return unused;
}
static void test(void) {
    pthread_t thread;
    unsigned mxcsr = 0x7f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
    pthread_create(&thread, NULL, worker, NULL);
    pthread_join(thread, NULL);
    IS(seen, 0x7f80);
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    IS(mxcsr, 0x7f80);
}
