// SPDX-License-Identifier: BSD-2-Clause
// Numbers without a call are ENOSYS and harm nothing.
#include "../test.h"

static void test(void) {
    long numbers[] = {-1, 387, 400, 423, 600, 1000, 65536, INT_MAX, 1L << 31};
    for (int i = 0; i < 9; i++)
        FAILS(syscall(numbers[i], 1, 2, 3, 4, 5, 6), ENOSYS);
    FAILS(syscall(SYS_uselib, "x"), ENOSYS);
    FAILS(syscall(SYS_create_module, 0, 0), ENOSYS);
    FAILS(syscall(SYS_getpmsg, 0), ENOSYS);
    FAILS(syscall(SYS_tuxcall, 0), ENOSYS);
    FAILS(syscall(SYS_vserver, 0), ENOSYS);
}
