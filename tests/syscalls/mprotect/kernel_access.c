// SPDX-License-Identifier: BSD-2-Clause
// The kernel honours the protections too: reading into read-only memory is EFAULT.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "0123456789");
    char *at = map_pages(2);
    IS(mprotect(at, PAGE, PROT_READ), 0);
    FAILS(pread(fd, at, 5, 0), EFAULT);
    IS(pwrite(fd, at, 5, 0), 5);
    IS(mprotect(at, PAGE, PROT_NONE), 0);
    FAILS(pwrite(fd, at, 5, 0), EFAULT);
    FAILS(access(at, F_OK), EFAULT);
    IS(mprotect(at, PAGE, PROT_READ | PROT_WRITE), 0);
    IS(mprotect(at + PAGE, PAGE, PROT_NONE), 0);
    IS(write(fd, at + PAGE - 3, 10), 3);
    memcpy(at + PAGE - 10, "/dev/null", 10);
    IS(access(at + PAGE - 10, F_OK), 0);
    memcpy(at + PAGE - 9, "/dev/null", 9);
    FAILS(access(at + PAGE - 9, F_OK), EFAULT);
}
