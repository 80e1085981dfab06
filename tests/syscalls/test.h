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

#define PAGE 4096L
#define TEST_SECONDS 20  // the alarm inside each program; the runner's own limit is longer

static void test(void);
// A program that runs itself again defines this; it is called when there are arguments.
__attribute__((weak)) int reexec(int argc, char **argv);

static char **test_argv;
static volatile int test_failures;

__attribute__((format(printf, 1, 2), unused)) static void note(const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = sizeof line - 2;
    line[length++] = '\n';
    int saved = errno;
    for (int done = 0; done < length;) {
        ssize_t n = write(1, line + done, length - done);
        if (n <= 0)
            break;
        done += n;
    }
    errno = saved;
}

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
        pid_t child_ = fork();                                                                 \
        REQUIRE(child_ >= 0);                                                                  \
        if (child_ == 0) {                                                                     \
            test_failures = 0;                                                                 \
            __VA_ARGS__;                                                                       \
            QUIT(0);                                                                           \
        }                                                                                      \
        child_;                                                                                \
    })

static inline int test_wait(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
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

// ---- helpers that print nothing ----

__attribute__((unused)) static void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

__attribute__((unused)) static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

// Waits until the process or thread sleeps in the kernel (or has stopped or ended); needs /proc.
__attribute__((unused)) static void wait_asleep(pid_t pid) {
    char path[64], line[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 2000; i++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
        if (fd >= 0)
            close(fd);
        if (n <= 0)
            return;
        line[n] = 0;
        char *end = strrchr(line, ')');
        if (end && strchr("SDTtZX", end[2]))
            return;
        sleep_ms(1);
    }
}

// Makes the file with this content; yields an open read-write descriptor.
__attribute__((unused)) static int make_file(const char *path, const char *content) {
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    REQUIRE(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

__attribute__((unused)) static void touch(const char *path) {
    close(make_file(path, ""));
}

// The whole file as text, in a static buffer of 64 KiB; "" when it cannot be read.
__attribute__((unused)) static char *slurp(const char *path) {
    static char text[65536];
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;
    while (fd >= 0 && length < sizeof text - 1 &&
           (n = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += n;
    text[length] = 0;
    if (fd >= 0)
        close(fd);
    return text;
}

__attribute__((unused)) static void *map_pages(long pages) {
    void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    return at;
}

// Shared with children.
__attribute__((unused)) static void *map_shared(long pages) {
    void *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(at != MAP_FAILED);
    return at;
}

__attribute__((unused)) static void handle(int signal_number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    REQUIRE(sigaction(signal_number, &action, NULL) == 0);
}

__attribute__((unused)) static void handle_info(int signal_number,
                                                void (*handler)(int, siginfo_t *, void *),
                                                int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    REQUIRE(sigaction(signal_number, &action, NULL) == 0);
}

__attribute__((unused)) static sigset_t set_of(int signal_number) {
    sigset_t set;
    sigemptyset(&set);
    if (signal_number)
        sigaddset(&set, signal_number);
    return set;
}

__attribute__((unused)) static void block(int signal_number) {
    sigset_t set = set_of(signal_number);
    REQUIRE(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

// An address no user program may use: below mmap_min_addr, hidden from the compiler.
static void *volatile bad_pointer_value = (void *)16;
#define BAD_POINTER ((void *)bad_pointer_value)

int main(int argc, char **argv) {
    test_argv = argv;
    if (argc > 1 && reexec)
        return reexec(argc, argv);
    alarm(TEST_SECONDS);
    test();
    return test_failures ? 1 : 0;
}
