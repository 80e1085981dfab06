// SPDX-License-Identifier: BSD-2-Clause
// Two processes exchange messages through a shared file mapping.
#include "../test.h"

static void test(void) {
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    ftruncate(fd, PAGE);
    volatile int *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    pid_t child = CHILD({
        volatile int *mine = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                                  open("f", O_RDWR), 0);
        for (int i = 0; i < 100; i++) {
            while (mine[0] != i * 2 + 1)
                sched_yield();
            mine[1] += mine[2];
            mine[0] = i * 2 + 2;
        }
    });
    for (int i = 0; i < 100; i++) {
        at[2] = i;
        at[0] = i * 2 + 1;
        while (at[0] != i * 2 + 2)
            sched_yield();
    }
    EXITS(child, 0);
    IS(at[1], 4950);
    int values[3];
    IS(pread(fd, values, sizeof values, 0), 12);
    IS(values[1], 4950);
}
