// SPDX-License-Identifier: BSD-2-Clause
// access uses the real ids, faccessat2 with AT_EACCESS the effective. Needs root.
#include "../test.h"

static void test(void) {
    chmod(".", 0755);
    touch("f");
    chmod("f", 0600);
    EXITS(CHILD({
        IS(setresuid(1000, 0, 0), 0);
        FAILS(access("f", R_OK), EACCES);
        SUCCEEDS(open("f", O_RDONLY));
        IS(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS), 0);
        FAILS(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0), EACCES);
    }), 0);
    EXITS(CHILD({
        IS(setresuid(0, 1000, 0), 0);
        IS(access("f", R_OK), 0);
        FAILS(open("f", O_RDONLY), EACCES);
        FAILS(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS), EACCES);
    }), 0);
    FAILS(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 1), EINVAL);
}
