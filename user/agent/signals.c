// SPDX-License-Identifier: BSD-2-Clause
//
// The signals that process 1 acts on are blocked except while it waits, so none is lost between a
// check and the wait. SIGUSR1, SIGUSR2 and SIGTERM mean halt, power off and reboot, as they do for
// BusyBox's init, so its `poweroff` works too.

#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static const int handled[] = {SIGCHLD, SIGUSR1, SIGUSR2, SIGTERM};
enum { handled_count = sizeof handled / sizeof handled[0] };

static volatile sig_atomic_t g_arrived[handled_count];
static sigset_t g_while_waiting;

static void remember(int number) {
    for (int index = 0; index < handled_count; ++index) {
        if (handled[index] == number) {
            g_arrived[index] = 1;
        }
    }
}

void block_signals(void) {
    sigset_t blocked;
    sigemptyset(&blocked);
    struct sigaction action = {.sa_handler = remember};
    for (int index = 0; index < handled_count; ++index) {
        sigaddset(&blocked, handled[index]);
        sigaction(handled[index], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &blocked, &g_while_waiting);
}

void unblock_signals(void) { sigprocmask(SIG_SETMASK, &g_while_waiting, NULL); }

bool signal_arrived(int number) {
    for (int index = 0; index < handled_count; ++index) {
        if (handled[index] == number && g_arrived[index]) {
            g_arrived[index] = 0;
            return true;
        }
    }
    return false;
}

int wait_for_events(struct pollfd* events, nfds_t count, int timeout_ms) {
    struct timespec timeout = {
        .tv_sec = timeout_ms / 1000,
        .tv_nsec = timeout_ms % 1000 * 1000000L,
    };
    int ready = ppoll(events, count, timeout_ms < 0 ? NULL : &timeout, &g_while_waiting);
    if (ready < 0) {
        for (nfds_t index = 0; index < count; ++index) {
            events[index].revents = 0;
        }
    }
    return ready < 0 ? -errno : ready;
}
