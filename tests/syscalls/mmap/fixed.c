// SPDX-License-Identifier: BSD-2-Clause
// MAP_FIXED replaces, MAP_FIXED_NOREPLACE refuses, a hint is only a hint.
#include "../test.h"

static void test(void) {
    char *at = map_pages(4);
    memset(at, 'a', 4 * PAGE);
    CHECK(mmap(at + PAGE, PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + PAGE);
    IS(at[PAGE - 1], 'a');
    IS(at[PAGE], 0);
    IS(at[2 * PAGE - 1], 0);
    IS(at[2 * PAGE], 'a');
    FAILS(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0), EEXIST);
    IS(munmap(at + PAGE, PAGE), 0);
    CHECK(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | 0x100000, -1, 0) ==
          at + PAGE);
    void *elsewhere = SUCCEEDS(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK(elsewhere != at);
    FAILS(mmap(at + 5, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL);
    FAILS(syscall(SYS_mmap, 1L << 56, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
                  -1, 0L), ENOMEM);
    EXITS(CHILD({
        setresuid(1000, 1000, 1000);
        FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EPERM);
    }), 0);
}
