// SPDX-License-Identifier: BSD-2-Clause
// The alternate stack: use, nesting, SS_ONSTACK, refusals, autodisarm.
#include "../test.h"

static char stack[65536];
static volatile int on_it, flags_inside;
static void handler(int number) {
    char local;
    stack_t now;
    (void)number;
    on_it = &local >= stack && &local < stack + sizeof stack;
    sigaltstack(NULL, &now);
    flags_inside = now.ss_flags;
    if (now.ss_flags & SS_ONSTACK)
        FAILS(syscall(SYS_sigaltstack, &now, NULL), EPERM);
}
static void test(void) {
    stack_t mine = {.ss_sp = stack, .ss_size = sizeof stack}, now;
    IS(sigaltstack(NULL, &now), 0);
    IS(now.ss_flags, SS_DISABLE);
    IS(sigaltstack(&mine, NULL), 0);
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    IS(on_it, 1);
    IS(flags_inside, SS_ONSTACK);
    sigaltstack(NULL, &now);
    IS(now.ss_flags, 0);
    handle(SIGUSR1, handler, 0);
    raise(SIGUSR1);
    IS(on_it, 0);
    IS(flags_inside, 0);
    mine.ss_flags = (int)(1U << 31);
    IS(sigaltstack(&mine, NULL), 0);
    handle(SIGUSR1, handler, SA_ONSTACK);
    raise(SIGUSR1);
    IS(on_it, 1);
    IS(flags_inside, SS_DISABLE);
    mine.ss_flags = 0;
    mine.ss_size = 100;
    FAILS(syscall(SYS_sigaltstack, &mine, NULL), ENOMEM);
    mine.ss_flags = 77;
    FAILS(syscall(SYS_sigaltstack, &mine, NULL), EINVAL);
    mine.ss_flags = SS_DISABLE;
    IS(sigaltstack(&mine, NULL), 0);
    FAILS(syscall(SYS_sigaltstack, BAD_POINTER, NULL), EFAULT);
}
