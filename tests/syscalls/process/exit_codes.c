// SPDX-License-Identifier: BSD-2-Clause
// Only eight bits of an exit status come through; exit_group ends all threads.
#include "../test.h"

static void *leaver(void *unused) {
    syscall(SYS_exit_group, 12);
    return unused;
}
static void *quiet(void *unused) {
    syscall(SYS_exit, 3);
    return unused;
}
static void test(void) {
    EXITS(CHILD({ _exit(255); }), 255);
    EXITS(CHILD({ _exit(256); }), 0);
    EXITS(CHILD({ _exit(-1); }), 255);
    EXITS(CHILD({ syscall(SYS_exit, 0x1234); }), 0x34);
    EXITS(CHILD({
        pthread_t thread;
        pthread_create(&thread, NULL, leaver, NULL);
        pause();
    }), 12);
    EXITS(CHILD({
        pthread_t thread;
        pthread_create(&thread, NULL, quiet, NULL);
        sleep_ms(30);
        _exit(5);
    }), 5);
}
