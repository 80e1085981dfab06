// SPDX-License-Identifier: BSD-2-Clause
// O_APPEND writes at the end whatever the position; the position follows.
#include "../test.h"

static void test(void) {
    int fd = make_file("a", "12345");
    int appender = open("a", O_RDWR | O_APPEND);
    IS(lseek(appender, 1, SEEK_SET), 1);
    IS(write(appender, "67", 2), 2);
    IS(lseek(appender, 0, SEEK_CUR), 7);
    IS(write(fd, "ab", 2), 2);
    TEXT(slurp("a"), "ab34567");
    IS(pwrite(appender, "Z", 1, 0), 1);
    TEXT(slurp("a"), "ab34567Z");
    IS(fcntl(appender, F_SETFL, 0), 0);
    IS(pwrite(appender, "Y", 1, 0), 1);
    TEXT(slurp("a"), "Yb34567Z");
    IS(fcntl(fd, F_SETFL, O_APPEND), 0);
    IS(write(fd, "!", 1), 1);
    TEXT(slurp("a"), "Yb34567Z!");
}
