// SPDX-License-Identifier: BSD-2-Clause
// MADV_FREE keeps what is written afterwards; MADV_REMOVE punches the file.
#include "../test.h"

static void test(void) {
    char *at = map_pages(1);
    at[0] = 'x';
    IS(madvise(at, PAGE, 8), 0);
    at[1] = 'y';
    IS(at[1], 'y');
    CHECK(at[0] == 'x' || at[0] == 0);
    int fd = open("f", O_RDWR | O_CREAT, 0600);
    ftruncate(fd, 3 * PAGE);
    char *file = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    memset(file, 'f', 3 * PAGE);
    IS(madvise(file + PAGE, PAGE, MADV_REMOVE), 0);
    IS(lseek(fd, 0, SEEK_HOLE), PAGE);
    IS(file[PAGE - 1], 'f');
    IS(file[PAGE], 0);
    IS(file[2 * PAGE], 'f');
    FAILS(madvise(at, PAGE, MADV_REMOVE), EINVAL);
}
