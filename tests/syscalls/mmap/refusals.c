// SPDX-License-Identifier: BSD-2-Clause
// What mmap refuses, and with which errno.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", "hello"), reader = open("f", O_RDONLY), writer = open("f", O_WRONLY);
    int ends[2];
    pipe(ends);
    FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0), EINVAL);
    FAILS(syscall(SYS_mmap, 0L, PAGE, PROT_READ, MAP_PRIVATE, fd, 100L), EINVAL);
    FAILS(mmap(NULL, PAGE, PROT_READ, 0, fd, 0), EINVAL);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0), EBADF);
    FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0), EACCES);
    SUCCEEDS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0));
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0), EACCES);
    FAILS(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, writer, 0), EACCES);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
    FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, open(".", O_RDONLY), 0), ENODEV);
    FAILS(syscall(SYS_mmap, 0L, 1L << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L), ENOMEM);
    FAILS(syscall(SYS_mmap, 0L, -1L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L), ENOMEM);
    FAILS(munmap((void *)1, PAGE), EINVAL);
    FAILS(munmap(map_pages(1), 0), EINVAL);
    FAILS(syscall(SYS_munmap, 0L, 1L << 62), EINVAL);
}
