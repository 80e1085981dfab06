// SPDX-License-Identifier: BSD-2-Clause
// Writing beyond RLIMIT_FSIZE: short, then SIGXFSZ or EFBIG.
#include "../test.h"

static void test(void) {
    char page[PAGE] = "";
    int fd = open("a", O_RDWR | O_CREAT, 0600);
    struct rlimit limit = {PAGE, PAGE};
    IS(setrlimit(RLIMIT_FSIZE, &limit), 0);
    IS(pwrite(fd, page, 100, PAGE - 40), 40);
    DIES(CHILD({ write(fd, page, 1); lseek(fd, PAGE, SEEK_SET); write(fd, page, 1); }), SIGXFSZ);
    signal(SIGXFSZ, SIG_IGN);
    FAILS(pwrite(fd, page, 1, PAGE), EFBIG);
    FAILS(ftruncate(fd, PAGE + 1), EFBIG);
    IS(ftruncate(fd, PAGE), 0);
}
