// SPDX-License-Identifier: BSD-2-Clause
// A protection change in one thread holds in another at once.
#include "../test.h"

static char *at;
static volatile int stage, faults;
static sigjmp_buf back;
static void on_fault(int number) {
    (void)number;
    siglongjmp(back, 1);
}
static void *writer(void *unused) {
    while (stage == 0)
        at[8] = 1;
    if (sigsetjmp(back, 1))
        faults++;
    else
        at[8] = 2;
    return unused;
}
static void test(void) {
    pthread_t thread;
    at = map_pages(1);
    handle(SIGSEGV, on_fault, 0);
    IS(pthread_create(&thread, NULL, writer, NULL), 0);
    sleep_ms(20);
    stage = 0;
    at[0] = 1;
    char *other = map_pages(1);
    at = other;
    sleep_ms(20);
    stage = 1;
    IS(pthread_join(thread, NULL), 0);
    IS(faults, 0);
    stage = 1;
    IS(mprotect(at, PAGE, PROT_READ), 0);
    IS(pthread_create(&thread, NULL, writer, NULL), 0);
    IS(pthread_join(thread, NULL), 0);
    IS(faults, 1);
}
