// SPDX-License-Identifier: BSD-2-Clause
// sendfile: to a file, a pipe, a socket; its offset; refusals.
#include "../test.h"

#include <sys/sendfile.h>
static void test(void) {
    int ends[2], pair[2], from = make_file("a", "0123456789"), to = make_file("b", "");
    char buffer[16] = "";
    off_t offset = 3;
    pipe(ends);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    IS(sendfile(to, from, &offset, 4), 4);
    IS(offset, 7);
    IS(lseek(from, 0, SEEK_CUR), 0);
    TEXT(slurp("b"), "3456");
    IS(sendfile(to, from, NULL, 100), 10);
    IS(lseek(from, 0, SEEK_CUR), 10);
    IS(sendfile(to, from, NULL, 100), 0);
    offset = 0;
    IS(sendfile(ends[1], from, &offset, 2), 2);
    IS(read(ends[0], buffer, 16), 2);
    TEXT(buffer, "01");
    IS(sendfile(pair[0], from, &offset, 3), 3);
    IS(read(pair[1], buffer, 16), 3);
    TEXT(buffer, "234");
    FAILS(sendfile(to, ends[0], NULL, 1), EINVAL);
    FAILS(sendfile(from, 99, NULL, 1), EBADF);
    FAILS(sendfile(open("a", O_RDONLY), from, NULL, 1), EBADF);
    offset = -1;
    FAILS(sendfile(to, from, &offset, 1), EINVAL);
    FAILS(sendfile(to, from, BAD_POINTER, 1), EFAULT);
    FAILS(sendfile(open("b", O_WRONLY | O_APPEND), from, NULL, 1), EINVAL);
}
