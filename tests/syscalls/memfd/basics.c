// SPDX-License-Identifier: BSD-2-Clause
// memfd_create: an unlinked growing file; names, flags, sealing refused by default.
#include "../test.h"

static void test(void) {
    char path[64], link[128] = "";
    struct stat status;
    int fd = SUCCEEDS(syscall(SYS_memfd_create, "my name", 1));
    IS(fcntl(fd, F_GETFD), FD_CLOEXEC);
    IS(fstat(fd, &status), 0);
    IS(status.st_size, 0);
    IS(status.st_nlink, 0);
    CHECK(S_ISREG(status.st_mode));
    IS(write(fd, "hello", 5), 5);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    SUCCEEDS(readlink(path, link, sizeof link - 1));
    TEXT(link, "/memfd:my name (deleted)");
    TEXT(slurp(path), "hello");
    char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    EXITS(CHILD({ at[0] = 'J'; }), 0);
    TEXT(slurp(path), "Jello");
    IS(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
    FAILS(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
    FAILS(syscall(SYS_memfd_create, "x", 0x1000), EINVAL);
    FAILS(syscall(SYS_memfd_create, BAD_POINTER, 0), EFAULT);
    char name[251];
    memset(name, 'n', 250);
    name[250] = 0;
    FAILS(syscall(SYS_memfd_create, name, 0), EINVAL);
}
