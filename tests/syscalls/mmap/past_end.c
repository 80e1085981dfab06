// SPDX-License-Identifier: BSD-2-Clause
// Touching whole pages past the end of a file is SIGBUS, until the file grows.
#include "../test.h"

static sigjmp_buf back;
static volatile int code;
static void on_bus(int number, siginfo_t *info, void *context) {
    (void)number, (void)context;
    code = info->si_code;
    siglongjmp(back, 1);
}
static int touch_faults(volatile char *at) {
    if (sigsetjmp(back, 1))
        return 1;
    *at = 1;
    return 0;
}
static void test(void) {
    int fd = make_file("f", "x");
    handle_info(SIGBUS, on_bus, 0);
    char *at = MAPPED(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    IS(touch_faults(at), 0);
    IS(touch_faults(at + PAGE - 1), 0);
    IS(touch_faults(at + PAGE), 1);
    IS(code, BUS_ADRERR);
    IS(ftruncate(fd, 2 * PAGE), 0);
    IS(touch_faults(at + PAGE), 0);
    IS(touch_faults(at + 2 * PAGE), 1);
    IS(ftruncate(fd, 0), 0);
    IS(touch_faults(at), 1);
}
