// SPDX-License-Identifier: BSD-2-Clause
// What mprotect refuses.
#include "../test.h"

static void test(void) {
    char *at = map_pages(3);
    FAILS(syscall(SYS_mprotect, at + 1, PAGE, PROT_READ), EINVAL);
    FAILS(mprotect(at, PAGE, 64), EINVAL);
    IS(mprotect(at, 0, PROT_READ), 0);
    IS(munmap(at + PAGE, PAGE), 0);
    FAILS(mprotect(at, 3 * PAGE, PROT_READ), ENOMEM);
    DIES(CHILD({ *(volatile char *)at = 1; }), SIGSEGV);
    FAILS(mprotect(at + PAGE, PAGE, PROT_READ), ENOMEM);
    make_file("f", "x");
    char *file = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, open("f", O_RDONLY), 0);
    FAILS(mprotect(file, PAGE, PROT_READ | PROT_WRITE), EACCES);
    IS(mprotect(file, PAGE, PROT_READ | PROT_EXEC), 0);
    FAILS(mprotect(at, PAGE, PROT_READ | PROT_GROWSDOWN), EINVAL);
}
