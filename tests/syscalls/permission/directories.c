// SPDX-License-Identifier: BSD-2-Clause
// Search, list and write permission of directories. Needs root.
#include "../test.h"

static void test(void) {
    chmod(".", 0755);
    mkdir("search", 0711);
    mkdir("list", 0744);
    mkdir("open", 0777);
    chmod("open", 0777);
    touch("search/f");
    touch("list/f");
    touch("open/f");
    EXITS(CHILD({
        setresgid(1000, 1000, 1000);
        setresuid(1000, 1000, 1000);
        IS(access("search/f", F_OK), 0);
        FAILS(open("search", O_RDONLY), EACCES);
        SUCCEEDS(open("list", O_RDONLY));
        FAILS(access("list/f", F_OK), EACCES);
        FAILS(unlink("search/f"), EACCES);
        FAILS(open("search/new", O_CREAT | O_RDWR, 0600), EACCES);
        FAILS(mkdir("new", 0755), EACCES);
        FAILS(rename("open/f", "f"), EACCES);
        FAILS(chdir("list"), EACCES);
        IS(chdir("search"), 0);
        IS(unlink("../open/f"), 0);
    }), 0);
}
