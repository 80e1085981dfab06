// SPDX-License-Identifier: BSD-2-Clause
// /proc/self/mem reads and writes memory, through read-only protection too.
#include "../test.h"

static char text[] = "hello world";
static void test(void) {
    char buffer[8] = "";
    int fd = open("/proc/self/mem", O_RDWR);
    IS(pread(fd, buffer, 5, (off_t)(uintptr_t)text), 5);
    TEXT(buffer, "hello");
    IS(pwrite(fd, "J", 1, (off_t)(uintptr_t)text), 1);
    TEXT(text, "Jello world");
    char *constant = map_pages(1);
    mprotect(constant, PAGE, PROT_READ);
    IS(pwrite(fd, "forced", 7, (off_t)(uintptr_t)constant), 7);
    TEXT(constant, "forced");
    FAILS(pread(fd, buffer, 1, 16), EIO);
    munmap(constant, PAGE);
    FAILS(pread(fd, buffer, 1, (off_t)(uintptr_t)constant), EIO);
}
