// SPDX-License-Identifier: BSD-2-Clause
// RENAME_NOREPLACE and RENAME_EXCHANGE, and their refusals.
#include "../test.h"

static long rename2(const char *from, const char *to, unsigned flags) {
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}
static void test(void) {
    make_file("a", "A");
    make_file("b", "B");
    FAILS(rename2("a", "b", 1), EEXIST);
    IS(rename2("a", "c", 1), 0);
    IS(rename2("c", "b", 2), 0);
    TEXT(slurp("b"), "A");
    TEXT(slurp("c"), "B");
    FAILS(rename2("b", "none", 2), ENOENT);
    mkdir("d", 0755);
    touch("d/in");
    IS(rename2("b", "d", 2), 0);
    TEXT(slurp("d"), "A");
    IS(access("b/in", F_OK), 0);
    FAILS(rename2("b", "c", 3), EINVAL);
    FAILS(rename2("b", "c", 64), EINVAL);
    FAILS(rename2("b", "b/in", 2), EINVAL);
}
