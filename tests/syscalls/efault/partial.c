// SPDX-License-Identifier: BSD-2-Clause
// Transfers that run into a bad page tell what went through before it.
#include "../test.h"

static void test(void) {
    int fd = make_file("f", ""), ends[2];
    static char data[3 * PAGE];
    memset(data, 'd', sizeof data);
    write(fd, data, sizeof data);
    pipe(ends);
    char *at = map_pages(2);
    munmap(at + PAGE, PAGE);
    IS(pread(fd, at + PAGE - 100, 500, 0), 100);
    IS(at[PAGE - 1], 'd');
    IS(pwrite(fd, at + PAGE - 100, 500, 0), 100);
    FAILS(pread(fd, at + PAGE, 500, 0), EFAULT);
    IS(lseek(fd, 0, SEEK_SET), 0);
    IS(read(fd, at + PAGE - 7, 500), 7);
    IS(lseek(fd, 0, SEEK_CUR), 7);
    struct iovec vector[2] = {{at + PAGE - 5, 5}, {at + PAGE, 5}};
    IS(preadv(fd, vector, 2, 0), 5);
    IS(pwritev(fd, vector, 2, 0), 5);
    vector[0] = vector[1];
    FAILS(preadv(fd, vector, 2, 0), EFAULT);
}
