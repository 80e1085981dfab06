// SPDX-License-Identifier: BSD-2-Clause
// A reader sleeps until a write, a writer until there is room.
#include "../test.h"

#include <sys/eventfd.h>
static void test(void) {
    uint64_t value = 7;
    int fd = eventfd(0, 0);
    pid_t pid = CHILD({ IS(read(fd, &value, 8), 8); IS(value, 7); });
    wait_asleep(pid);
    IS(write(fd, &value, 8), 8);
    EXITS(pid, 0);
    value = UINT64_MAX - 1;
    IS(write(fd, &value, 8), 8);
    pid = CHILD({ value = 5; IS(write(fd, &value, 8), 8); });
    wait_asleep(pid);
    IS(read(fd, &value, 8), 8);
    EXITS(pid, 0);
    IS(read(fd, &value, 8), 8);
    IS(value, 5);
}
