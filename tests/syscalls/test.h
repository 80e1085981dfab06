// SPDX-License-Identifier: BSD-2-Clause
// The frame of every program in this folder. A program defines `static void test(void)` and states
// what the kernel must answer with the macros below. Each macro prints one deterministic line, so
// that the output on two kernels can be compared byte for byte; a wrong answer prints a line that
// starts with FAILED and makes the exit status 1.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "test_names.h"
#include "test_output.h"

#define PAGE 4096L
#define TEST_SECONDS 20  // the alarm inside each program; the runner's own limit is longer

static void test(void);
// A program that runs itself again defines this; it is called when there are arguments.
__attribute__((weak)) int reexec(int argc, char **argv);

static char **test_argv;

#define FAILED(format, ...) \
    (test_failures++, note("FAILED %s:%d: " format, __FILE_NAME__, __LINE__, ##__VA_ARGS__))
#ifndef __FILE_NAME__
#define __FILE_NAME__ (strrchr("/" __FILE__, '/') + 1)
#endif

// The value is exactly `want`. Works for calls (-1 shows its errno) and for plain values.
#define IS(expr, want)                                                                         \
    ({                                                                                         \
        errno = 0;                                                                             \
        long value_ = (long)(expr);                                                            \
        int errno_ = errno;                                                                    \
        long want_ = (long)(want);                                                             \
        if (value_ == want_)                                                                   \
            note("%s = %ld", #expr, value_);                                                   \
        else                                                                                   \
            FAILED("%s = %ld errno %s, not %ld", #expr, value_, ERRNO_NAME(errno_), want_);    \
        errno = errno_;                                                                        \
        value_;                                                                                \
    })

// The call answers -1 with exactly this errno. MAP_FAILED counts as -1.
#define FAILS(expr, error)                                                                     \
    ({                                                                                         \
        errno = 0;                                                                             \
        long value_ = (long)(expr);                                                            \
        int errno_ = errno;                                                                    \
        if (value_ == -1 && errno_ == (error))                                                 \
            note("%s = -1 errno %s", #expr, ERRNO_NAME(errno_));                               \
        else                                                                                   \
            FAILED("%s = %ld errno %s, not -1 errno %s", #expr, value_, ERRNO_NAME(errno_),    \
                   ERRNO_NAME(error));                                                         \
        errno = errno_;                                                                        \
    })

// The call succeeds with a value that may differ from run to run, which is not printed.
#define SUCCEEDS(expr)                                                                         \
    ({                                                                                         \
        errno = 0;                                                                             \
        __auto_type value_ = (expr);                                                           \
        int errno_ = errno;                                                                    \
        if ((long)value_ != -1)                                                                \
            note("%s succeeds", #expr);                                                        \
        else                                                                                   \
            FAILED("%s = -1 errno %s", #expr, ERRNO_NAME(errno_));                             \
        errno = errno_;                                                                        \
        value_;                                                                                \
    })

// mmap's answer, as a char pointer; ends the program when there is none.
#define MAPPED(expr)                                                                           \
    ({                                                                                         \
        char *mapped_ = SUCCEEDS(expr);                                                        \
        REQUIRE(mapped_ != MAP_FAILED);                                                        \
        mapped_;                                                                               \
    })

#define CHECK(condition)                                                                       \
    ((condition) ? note("%s: true", #condition) : FAILED("%s is false", #condition))

#define TEXT(expr, want)                                                                       \
    ({                                                                                         \
        const char *text_ = (expr);                                                            \
        if (strcmp(text_, (want)) == 0)                                                        \
            note("%s = \"%s\"", #expr, text_);                                                 \
        else                                                                                   \
            FAILED("%s = \"%s\", not \"%s\"", #expr, text_, (want));                           \
    })

// Stops the program: what follows makes no sense without this.
#define REQUIRE(condition)                                                                     \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            FAILED("required: %s (errno %s)", #condition, ERRNO_NAME(errno));                  \
            _exit(1);                                                                          \
        }                                                                                      \
    } while (0)

// Leaves a child with this status, or with 99 when one of its checks failed.
#define QUIT(status) _exit(test_failures ? 99 : (status))

// Runs the block in a child process and yields its pid.
#define CHILD(...)                                                                             \
    ({                                                                                         \
        pid_t child_ = test_fork();                                                            \
        REQUIRE(child_ >= 0);                                                                  \
        if (child_ == 0) {                                                                     \
            __VA_ARGS__;                                                                       \
            QUIT(0);                                                                           \
        }                                                                                      \
        child_;                                                                                \
    })

static inline int test_wait(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    test_print_log(pid);
    return status;
}

#define EXITS(pid, code)                                                                       \
    ({                                                                                         \
        int status_ = test_wait(pid);                                                          \
        if (WIFEXITED(status_) && WEXITSTATUS(status_) == (code))                              \
            note("child exits %d", WEXITSTATUS(status_));                                      \
        else                                                                                   \
            FAILED("child has status %#x, not exit %d", status_, (code));                      \
    })

#define DIES(pid, signal_number)                                                               \
    ({                                                                                         \
        int status_ = test_wait(pid);                                                          \
        if (WIFSIGNALED(status_) && WTERMSIG(status_) == (signal_number))                      \
            note("child dies of %s", SIGNAL_NAME(WTERMSIG(status_)));                          \
        else                                                                                   \
            FAILED("child has status %#x, not %s", status_, SIGNAL_NAME(signal_number));       \
    })

#include "test_helpers.h"

// An address no user program may use: below mmap_min_addr, hidden from the compiler.
static void *volatile bad_pointer_value = (void *)16;
#define BAD_POINTER ((void *)bad_pointer_value)

int main(int argc, char **argv) {
    test_argv = argv;
    if (argc > 1 && reexec)
        return reexec(argc, argv);
    alarm(TEST_SECONDS);
    test_make_logs();
    test();
    test_print_log(0);
    return test_failures ? 1 : 0;
}
