// SPDX-License-Identifier: BSD-2-Clause
// openat2's resolve flags keep a path beneath its directory and away from links.
#include "../test.h"

#include <linux/openat2.h>
static long open_how(int folder, const char *path, uint64_t flags, uint64_t resolve) {
    struct open_how how = {.flags = flags, .resolve = resolve};
    return syscall(SYS_openat2, folder, path, &how, sizeof how);
}
static void test(void) {
    mkdir("d", 0755);
    make_file("d/f", "x");
    make_file("g", "x");
    symlink("f", "d/link");
    symlink("/d", "d/absolute");
    int d = open("d", O_RDONLY);
    SUCCEEDS(open_how(d, "f", O_RDONLY, RESOLVE_BENEATH));
    SUCCEEDS(open_how(d, "link", O_RDONLY, RESOLVE_BENEATH));
    FAILS(open_how(d, "../g", O_RDONLY, RESOLVE_BENEATH), EXDEV);
    FAILS(open_how(d, "/dev/null", O_RDONLY, RESOLVE_BENEATH), EXDEV);
    FAILS(open_how(d, "link", O_RDONLY, RESOLVE_NO_SYMLINKS), ELOOP);
    FAILS(open_how(d, "../g", O_RDONLY, RESOLVE_IN_ROOT), ENOENT);
    SUCCEEDS(open_how(d, "/../f", O_RDONLY, RESOLVE_IN_ROOT));
    SUCCEEDS(open_how(d, "../g", O_RDONLY, 0));
    FAILS(open_how(d, "f", O_RDONLY, 1 << 20), EINVAL);
    FAILS(open_how(d, "f", 1ULL << 40, 0), EINVAL);
    struct open_how how[2] = {{.flags = O_RDONLY}};
    FAILS(syscall(SYS_openat2, d, "f", how, 8), EINVAL);
    SUCCEEDS(syscall(SYS_openat2, d, "f", how, sizeof how));
    how[1].flags = 1;
    FAILS(syscall(SYS_openat2, d, "f", how, sizeof how), E2BIG);
}
