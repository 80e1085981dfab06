// SPDX-License-Identifier: BSD-2-Clause
// Names of 255 bytes and paths of 4095 are the longest.
#include "../test.h"

static void test(void) {
    char name[300], path[5000];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    IS(mkdir(name, 0755), 0);
    IS(rmdir(name), 0);
    name[255] = 'n';
    name[256] = 0;
    FAILS(mkdir(name, 0755), ENAMETOOLONG);
    memset(path, '/', sizeof path);
    memcpy(path + 4094, ".", 2);
    IS(access(path, F_OK), 0);
    memcpy(path + 4094, "/.", 3);
    FAILS(access(path, F_OK), ENAMETOOLONG);
    for (int i = 0; i < 4094; i += 2)
        memcpy(path + i, "./", 2);
    memcpy(path + 4094, ".", 2);
    IS(access(path, F_OK), 0);
}
