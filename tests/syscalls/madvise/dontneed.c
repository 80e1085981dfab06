// SPDX-License-Identifier: BSD-2-Clause
// MADV_DONTNEED drops private pages to zeros, file pages to the file's content.
#include "../test.h"

static void test(void) {
    char *at = map_pages(4);
    memset(at, 'x', 4 * PAGE);
    IS(madvise(at + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
    IS(at[0], 'x');
    IS(at[PAGE], 0);
    IS(at[3 * PAGE - 1], 0);
    IS(at[3 * PAGE], 'x');
    int fd = make_file("f", "hello");
    char *file = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    file[0] = 'J';
    IS(madvise(file, PAGE, MADV_DONTNEED), 0);
    TEXT(file, "hello");
    char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shared[0] = 'C';
    IS(madvise(shared, PAGE, MADV_DONTNEED), 0);
    TEXT(shared, "Cello");
}
