// SPDX-License-Identifier: BSD-2-Clause
// A shared file mapping and read and write are one and the same memory.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "hello world");
    char *at = MAPPED(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    at[0] = 'J';
    TEXT(slurp("f"), "Jello world");
    IS(pwrite(fd, "y", 1, 4), 1);
    TEXT(at, "Jelly world");
    EXITS(CHILD({
        char *twin = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, open("f", O_RDWR), 0);
        twin[5] = '-';
        at[6] = 'W';
    }), 0);
    TEXT(at, "Jelly-World");
    at[100] = 'x';
    IS(lseek(fd, 0, SEEK_END), 11);
    IS(msync(at, PAGE, MS_SYNC), 0);
    IS(unlink("f"), 0);
    IS(close(fd), 0);
    TEXT(at, "Jelly-World");
}
