// SPDX-License-Identifier: BSD-2-Clause
// A shared futex between processes, in anonymous and file memory.
#include "../test.h"

#include <linux/futex.h>
static void exchange(int *at) {
    pid_t pid = CHILD({
        while (__atomic_load_n(at, __ATOMIC_SEQ_CST) == 0)
            syscall(SYS_futex, at, FUTEX_WAIT, 0, NULL, NULL, 0);
        QUIT(*at);
    });
    wait_asleep(pid);
    __atomic_store_n(at, 5, __ATOMIC_SEQ_CST);
    IS(syscall(SYS_futex, at, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
    EXITS(pid, 5);
}
static void test(void) {
    exchange(map_shared(1));
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    ftruncate(fd, PAGE);
    exchange(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}
