// SPDX-License-Identifier: BSD-2-Clause
// A setgid directory hands its group and bit to what is made in it. Needs root.
#include "../test.h"

static void test(void) {
    struct stat status;
    IS(mkdir("d", 0755), 0);
    IS(chown("d", 0, 1234), 0);
    IS(chmod("d", 02775), 0);
    IS(mkdir("d/sub", 0755), 0);
    IS(stat("d/sub", &status), 0);
    IS(status.st_gid, 1234);
    IS(status.st_mode, S_IFDIR | 02755);
    touch("d/file");
    IS(stat("d/file", &status), 0);
    IS(status.st_gid, 1234);
    IS(status.st_mode, S_IFREG | 0644);
}
