// SPDX-License-Identifier: BSD-2-Clause
// telldir and seekdir come back to the same entry; rewinddir to the first.
#include "../test.h"

static void test(void) {
    char third[64], name[32];
    mkdir("d", 0755);
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "d/%d", i);
        touch(name);
    }
    DIR *stream = opendir("d");
    readdir(stream);
    readdir(stream);
    long place = telldir(stream);
    strcpy(third, readdir(stream)->d_name);
    while (readdir(stream)) {
    }
    seekdir(stream, place);
    CHECK(strcmp(readdir(stream)->d_name, third) == 0);
    rewinddir(stream);
    TEXT(readdir(stream)->d_name, ".");
    TEXT(readdir(stream)->d_name, "..");
    CHECK(strcmp(readdir(stream)->d_name, third) == 0);
}
