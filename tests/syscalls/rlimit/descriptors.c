// SPDX-License-Identifier: BSD-2-Clause
// RLIMIT_NOFILE: EMFILE for every way of making a descriptor.
#include "../test.h"

#include <sys/epoll.h>
static void test(void) {
    int ends[2];
    struct rlimit limit = {5, 5};
    IS(setrlimit(RLIMIT_NOFILE, &limit), 0);
    IS(dup(0), 3);
    FAILS(pipe(ends), EMFILE);
    IS(dup(0), 4);
    FAILS(dup(0), EMFILE);
    FAILS(open("/dev/null", O_RDONLY), EMFILE);
    FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EMFILE);
    FAILS(epoll_create1(0), EMFILE);
    FAILS(fcntl(0, F_DUPFD, 0), EMFILE);
    FAILS(fcntl(0, F_DUPFD, 5), EINVAL);
    FAILS(dup2(0, 5), EBADF);
    IS(dup2(0, 4), 4);
    IS(close(3), 0);
    IS(open("/dev/null", O_RDONLY), 3);
}
