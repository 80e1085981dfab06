// SPDX-License-Identifier: BSD-2-Clause
// When the first thread exits alone the process lives on as a zombie leader.
#include "../test.h"

static void *later(void *unused) {
    sleep_ms(100);
    _exit(17);
    return unused;
}
static void test(void) {
    pid_t pid = CHILD({
        pthread_t thread;
        pthread_create(&thread, NULL, later, NULL);
        syscall(SYS_exit, 1);
    });
    sleep_ms(30);
    IS(waitpid(pid, NULL, WNOHANG), 0);
    IS(kill(pid, 0), 0);
    EXITS(pid, 17);
}
