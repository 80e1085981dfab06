// SPDX-License-Identifier: BSD-2-Clause
// RLIMIT_AS stops mmap and brk.
#include "../test.h"

static void test(void) {
    struct rlimit limit = {64 << 20, 64 << 20};
    IS(setrlimit(RLIMIT_AS, &limit), 0);
    FAILS(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
    char *at = MAPPED(mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    FAILS(mremap(at, 16 << 20, 128 << 20, MREMAP_MAYMOVE), ENOMEM);
    long here = syscall(SYS_brk, 0L);
    CHECK(syscall(SYS_brk, here + (128L << 20)) == here);
}
