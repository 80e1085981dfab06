// SPDX-License-Identifier: BSD-2-Clause
//
// Signals: to oneself, and from a fault that the handler mends.

#include "operation.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { page_size = 4096 };

static volatile char* g_page;

static void ignore(int number) { (void)number; }

static void mend(int number) {
    (void)number;
    mprotect((void*)g_page, page_size, PROT_READ | PROT_WRITE);
}

static int prepare_signal(void) {
    return outcome(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore}, NULL));
}

static int signal_run(unsigned count) {
    pid_t self = getpid();
    for (unsigned index = 0; index < count; ++index) {
        if (syscall(SYS_tgkill, self, self, SIGUSR1) != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static int prepare_fault(void) {
    g_page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g_page == MAP_FAILED) {
        return outcome(-1);
    }
    *g_page = 1;
    return outcome(sigaction(SIGSEGV, &(struct sigaction){.sa_handler = mend}, NULL));
}

static void end_fault(void) {
    sigaction(SIGSEGV, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    munmap((void*)g_page, page_size);
}

static int fault_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        if (mprotect((void*)g_page, page_size, PROT_READ) != 0) {
            return outcome(-1);
        }
        *g_page = 1;
    }
    return 0;
}

static const struct operation operations[] = {
    {"signal_to_self", signal_run, 1000, 1, prepare_signal, NULL},
    {"segv_mended", fault_run, 500, 1, prepare_fault, end_fault},
};
const struct operation_list signal_operations = {operations,
                                                 sizeof operations / sizeof *operations};
