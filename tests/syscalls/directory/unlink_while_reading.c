// SPDX-License-Identifier: BSD-2-Clause
// Removing each entry as it is read empties the directory.
#include "../test.h"

static void test(void) {
    char name[32];
    mkdir("d", 0755);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "d/entry-%d", i);
        touch(name);
    }
    DIR *stream = opendir("d");
    REQUIRE(stream);
    int removed = 0;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (entry->d_name[0] != '.')
            removed += unlinkat(dirfd(stream), entry->d_name, 0) == 0;
    IS(removed, 100);
    closedir(stream);
    IS(rmdir("d"), 0);
}
