// SPDX-License-Identifier: BSD-2-Clause
// arch_prctl: FS and GS bases are the thread's own and survive switches.
#include "../test.h"

static volatile int ready;
static void *worker(void *argument) {
    unsigned long mine, value;
    syscall(SYS_arch_prctl, 0x1004, &mine);
    IS(mine, 0);
    IS(syscall(SYS_arch_prctl, 0x1001, argument), 0);
    ready = 1;
    for (int i = 0; i < 200; i++) {
        sched_yield();
        syscall(SYS_arch_prctl, 0x1004, &value);
        if (value != (unsigned long)argument)
            FAILED("GS base lost");
    }
    __asm__ volatile("mov %%gs:0, %0" : "=r"(value));
    IS(value, 1234);
    return NULL;
}
static void test(void) {
    static unsigned long area = 1234, other = 5678;
    unsigned long fs, self, value;
    pthread_t thread;
    IS(syscall(SYS_arch_prctl, 0x1003, &fs), 0);
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self));
    CHECK(fs == self);
    pthread_create(&thread, NULL, worker, &area);
    IS(pthread_join(thread, NULL), 0);
    syscall(SYS_arch_prctl, 0x1004, &value);
    IS(value, 0);
    IS(syscall(SYS_arch_prctl, 0x1001, &other), 0);
    EXITS(CHILD({ __asm__ volatile("mov %%gs:0, %0" : "=r"(value)); IS(value, 5678); }), 0);
    FAILS(syscall(SYS_arch_prctl, 0x1001, 0xffff800000000000), EPERM);
    FAILS(syscall(SYS_arch_prctl, 0x1002, 0xffff800000000000), EPERM);
    FAILS(syscall(SYS_arch_prctl, 0x1003, BAD_POINTER), EFAULT);
    FAILS(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
}
