// SPDX-License-Identifier: BSD-2-Clause
// chroot confines absolute names and "..". Needs root.
#include "../test.h"

static void test(void) {
    char here[PATH_MAX];
    mkdir("jail", 0755);
    make_file("jail/inside", "in");
    make_file("outside", "out");
    EXITS(CHILD({
        IS(chroot("jail"), 0);
        IS(chdir("/"), 0);
        IS(access("/inside", F_OK), 0);
        FAILS(access("/outside", F_OK), ENOENT);
        FAILS(access("/../outside", F_OK), ENOENT);
        FAILS(access("../../../outside", F_OK), ENOENT);
        TEXT(getcwd(here, sizeof here), "/");
    }), 0);
    FAILS(chroot("outside"), ENOTDIR);
    FAILS(chroot("none"), ENOENT);
}
