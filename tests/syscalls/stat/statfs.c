// SPDX-License-Identifier: BSD-2-Clause
// statfs of tmpfs, proc and a pipe; ustat of nothing.
#include "../test.h"

#include <sys/vfs.h>
static void test(void) {
    struct statfs status;
    int ends[2];
    pipe(ends);
    IS(statfs(".", &status), 0);
    IS(status.f_type, 0x01021994);
    IS(status.f_bsize, 4096);
    IS(status.f_namelen, 255);
    CHECK(status.f_bfree <= status.f_blocks);
    IS(statfs("/proc", &status), 0);
    IS(status.f_type, 0x9fa0);
    IS(status.f_blocks, 0);
    IS(fstatfs(ends[0], &status), 0);
    IS(status.f_type, 0x50495045);
    FAILS(statfs("none", &status), ENOENT);
    FAILS(fstatfs(99, &status), EBADF);
    FAILS(syscall(SYS_statfs, ".", BAD_POINTER), EFAULT);
}
