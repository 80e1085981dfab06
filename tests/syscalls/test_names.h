// SPDX-License-Identifier: BSD-2-Clause
// Names of errno values and signals, so that traces read the same under every C library.
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdio.h>

struct test_name {
    int value;
    const char *name;
};

#define N(x) {x, #x}
static const struct test_name test_errnos[] = {
    N(E2BIG), N(EACCES), N(EADDRINUSE), N(EADDRNOTAVAIL), N(EAFNOSUPPORT), N(EAGAIN), N(EALREADY),
    N(EBADF), N(EBADMSG), N(EBUSY), N(ECANCELED), N(ECHILD), N(ECONNABORTED), N(ECONNREFUSED),
    N(ECONNRESET), N(EDEADLK), N(EDESTADDRREQ), N(EDOM), N(EEXIST), N(EFAULT), N(EFBIG),
    N(EIDRM), N(EINPROGRESS), N(EINTR), N(EINVAL), N(EIO), N(EISCONN), N(EISDIR), N(ELIBBAD),
    N(ELOOP), N(EMFILE), N(EMLINK), N(EMSGSIZE), N(ENAMETOOLONG), N(ENFILE), N(ENODATA), N(ENODEV),
    N(ENOENT), N(ENOEXEC), N(ENOLCK), N(ENOMEM), N(ENOMSG), N(ENOPROTOOPT), N(ENOSPC), N(ENOSYS),
    N(ENOTBLK), N(ENOTCONN), N(ENOTDIR), N(ENOTEMPTY), N(ENOTSOCK), N(ENOTTY), N(ENXIO),
    N(EOPNOTSUPP), N(EOVERFLOW), N(EOWNERDEAD), N(EPERM), N(EPIPE), N(EPROTONOSUPPORT),
    N(EPROTOTYPE), N(ERANGE), N(EROFS), N(ESOCKTNOSUPPORT), N(ESPIPE), N(ESRCH), N(ESTALE),
    N(ETIMEDOUT), N(ETXTBSY), N(EXDEV),
};

static const struct test_name test_signals[] = {
    N(SIGHUP), N(SIGINT), N(SIGQUIT), N(SIGILL), N(SIGTRAP), N(SIGABRT), N(SIGBUS), N(SIGFPE),
    N(SIGKILL), N(SIGUSR1), N(SIGSEGV), N(SIGUSR2), N(SIGPIPE), N(SIGALRM), N(SIGTERM),
    N(SIGSTKFLT), N(SIGCHLD), N(SIGCONT), N(SIGSTOP), N(SIGTSTP), N(SIGTTIN), N(SIGTTOU),
    N(SIGURG), N(SIGXCPU), N(SIGXFSZ), N(SIGVTALRM), N(SIGPROF), N(SIGWINCH), N(SIGIO),
    N(SIGPWR), N(SIGSYS),
};
#undef N

// The names live in static buffers; at most two unknown values can be used in one line.
static inline const char *test_name(const struct test_name *table, int count, int value) {
    static char unknown[2][24];
    static int turn;
    for (int i = 0; i < count; i++)
        if (table[i].value == value)
            return table[i].name;
    turn ^= 1;
    snprintf(unknown[turn], sizeof unknown[turn], "number %d", value);
    return unknown[turn];
}

#define ERRNO_NAME(value) \
    test_name(test_errnos, sizeof test_errnos / sizeof *test_errnos, (value))
#define SIGNAL_NAME(value) \
    test_name(test_signals, sizeof test_signals / sizeof *test_signals, (value))
