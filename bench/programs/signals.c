// SPDX-License-Identifier: BSD-2-Clause
// Signals: to oneself and back, and a fault that the program itself repairs.
#include "bench.h"

#include <signal.h>
#include <sys/mman.h>

enum { page = 4096, pages = 256 };

static char *area;

static void on_signal(int number) {
    (void)number;
}

static void on_fault(int number, siginfo_t *info, void *context) {
    long at = (long)info->si_addr & -(long)page;
    (void)number, (void)context;
    call3(SYS_mprotect, at, page, PROT_READ | PROT_WRITE);
}

static int set_up_signal(void) {
    return signal(SIGUSR1, on_signal) == SIG_ERR ? errno : 0;
}

static uint64_t run_signal(int count) {
    long self = getpid();
    return TIMED(count, call3(SYS_kill, self, SIGUSR1, 0));
}

static int set_up_fault(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    area = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(area != MAP_FAILED);
    madvise(area, pages * page, MADV_NOHUGEPAGE);
    for (int i = 0; i < pages; i++)
        area[i * page] = 1;
    return sigaction(SIGSEGV, &action, NULL) < 0 ? errno : 0;
}

// Page after page is made writable by the handler: the writable part grows, nothing is split anew.
static uint64_t run_fault(int count) {
    uint64_t taken = 0;
    for (int i = 0; i < count; i++) {
        call3(SYS_mprotect, (long)area, pages * page, PROT_READ);
        taken += TIMED(pages, *(volatile char *)(area + (long)i_ * page) = 2);
    }
    return taken;
}

const struct row signal_rows[] = {
    {.key = "signal_to_self", .set_up = set_up_signal, .run = run_signal, .count = 200},
    {.key = "segv_mprotect", .set_up = set_up_fault, .run = run_fault, .count = 1, .per = pages},
    {0},
};
