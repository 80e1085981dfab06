// SPDX-License-Identifier: BSD-2-Clause
// Seals forbid growing, shrinking, writing, mapping for write, and further seals.
#include "../test.h"

static void test(void) {
    int fd = SUCCEEDS(syscall(SYS_memfd_create, "s", 2));
    IS(ftruncate(fd, PAGE), 0);
    IS(fcntl(fd, F_GET_SEALS), 0);
    IS(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK), 0);
    FAILS(ftruncate(fd, 2 * PAGE), EPERM);
    FAILS(ftruncate(fd, 10), EPERM);
    FAILS(pwrite(fd, "x", 1, PAGE), EPERM);
    IS(pwrite(fd, "x", 1, 0), 1);
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
    munmap(at, PAGE);
    IS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
    FAILS(pwrite(fd, "x", 1, 0), EPERM);
    FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
    at = MAPPED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
    IS(at[0], 'x');
    IS(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
    IS(fcntl(fd, F_GET_SEALS), 15);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
    FAILS(fcntl(0, F_GET_SEALS), EINVAL);
}
