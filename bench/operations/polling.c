// SPDX-License-Identifier: BSD-2-Clause
//
// Waiting for the one of a hundred event counters that is above zero.

#include "operation.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { watched = 100, ready = 57 };

static int g_counters[watched];
static struct pollfd g_polled[watched];
static int g_epoll = -1;

static int prepare_poll(void) {
    for (int index = 0; index < watched; ++index) {
        g_counters[index] = eventfd(index == ready, 0);
        if (g_counters[index] < 0) {
            return outcome(-1);
        }
        g_polled[index] = (struct pollfd){.fd = g_counters[index], .events = POLLIN};
    }
    return 0;
}

static void end_poll(void) {
    for (int index = 0; index < watched; ++index) {
        close(g_counters[index]);
    }
}

static int prepare_epoll(void) {
    int failed = prepare_poll();
    g_epoll = epoll_create1(0);
    if (failed < 0 || g_epoll < 0) {
        return failed < 0 ? failed : outcome(-1);
    }
    for (int index = 0; index < watched; ++index) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = index};
        if (epoll_ctl(g_epoll, EPOLL_CTL_ADD, g_counters[index], &event) != 0) {
            return outcome(-1);
        }
    }
    return 0;
}

static void end_epoll(void) {
    close(g_epoll);
    end_poll();
}

static int poll_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        if (poll(g_polled, watched, -1) != 1) {
            return outcome(-1);
        }
    }
    return 0;
}

static int epoll_run(unsigned count) {
    struct epoll_event events[8];
    for (unsigned index = 0; index < count; ++index) {
        if (epoll_wait(g_epoll, events, 8, -1) != 1) {
            return outcome(-1);
        }
    }
    return 0;
}

static const struct operation operations[] = {
    {"epoll_wait_1_of_100", epoll_run, 2000, 1, prepare_epoll, end_epoll},
    {"poll_1_of_100", poll_run, 1000, 1, prepare_poll, end_poll},
};
const struct operation_list polling_operations = {operations,
                                                  sizeof operations / sizeof *operations};
