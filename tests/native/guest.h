// SPDX-License-Identifier: BSD-2-Clause
// What the parts of the guest program share.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "user/libpith/pith.h"

// One test runs in a process of its own; `check` counts what is wrong.
struct test {
    const char *name;
    void (*run)(void);
};
extern const struct test call_tests[], storm_tests[];

extern int failures;

// Prints and counts when `value` is not `want`.
void expect(const char *file, int line, const char *what, long value, long want);
#define IS(expression, want) expect(__FILE__, __LINE__, #expression, (long)(expression), want)
#define CHECK(condition) IS(!!(condition), 1)

#define CHILD(...)                       \
    ({                                   \
        fflush(stdout);                  \
        pid_t pid_ = fork();             \
        if (pid_ == 0) {                 \
            failures = 0;                \
            __VA_ARGS__;                 \
            fflush(stdout);              \
            _exit(failures ? 1 : 0);     \
        }                                \
        pid_;                            \
    })

static inline int status_of(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static inline uint64_t after_milliseconds(uint64_t milliseconds) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec + milliseconds * 1000000;
}

static inline bool becomes_readable(int fd, int milliseconds) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return poll(&entry, 1, milliseconds) == 1;
}

// A call of words alone.
static inline long call_with(int port, uint64_t word) {
    struct pith_words words = {{word}};
    int result = pith_call(port, &words, NULL);
    return result < 0 ? result : (long)words.word[0];
}
