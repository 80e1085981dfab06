// SPDX-License-Identifier: BSD-2-Clause
//
// Starts the command on three pipes, or on a pseudo-terminal, in a session of its own.

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { status_not_executable = 126, status_not_found = 127, pipe_ends = 6 };

static char* const environment_fixed[] = {
    "HOME=/root",
    "USER=root",
    "LOGNAME=root",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/pith/bin",
};

// The environment of a fresh log-in: nothing of process 1's own leaks into the command.
static void set_environment(const struct request* request) {
    clearenv();
    for (size_t index = 0; index < sizeof environment_fixed / sizeof *environment_fixed; ++index) {
        putenv(environment_fixed[index]);
    }
    setenv("TERM", request->terminal_type[0] ? request->terminal_type : "dumb", 1);
    setenv("SHELL", access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh", 1);
}

static _Noreturn void execute(const struct request* request) {
    unblock_signals();
    set_environment(request);
    if (chdir("/root") != 0 && chdir("/") != 0) {
        _exit(status_not_executable);
    }
    if (request->argv[0] == NULL) {
        const char* shell = getenv("SHELL");
        execl(shell, strcmp(shell, "/bin/bash") == 0 ? "-bash" : "-sh", (char*)NULL);
        dprintf(STDERR_FILENO, "%s: %s\n", shell, strerror(errno));
    } else {
        execvp(request->argv[0], request->argv);
        dprintf(STDERR_FILENO, "%s: %s\n", request->argv[0],
                errno == ENOENT ? "command not found" : strerror(errno));
    }
    _exit(errno == ENOENT ? status_not_found : status_not_executable);
}

void set_window(int terminal, int rows, int columns) {
    if (rows > 0 && columns > 0) {
        struct winsize size = {
            .ws_row = (unsigned short)rows,
            .ws_col = (unsigned short)columns,
        };
        ioctl(terminal, TIOCSWINSZ, &size);
    }
}

static int spawn_on_terminal(const struct request* request, struct child* child) {
    int terminal;
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    if (pid < 0) {
        return -errno;
    }
    if (pid == 0) {
        // The window has its size before the first program asks for it.
        set_window(STDIN_FILENO, request->rows, request->columns);
        execute(request);
    }
    fcntl(terminal, F_SETFD, FD_CLOEXEC);
    fcntl(terminal, F_SETFL, O_RDWR | O_NONBLOCK);
    *child = (struct child){pid, terminal, terminal, -1, .terminal = true};
    return 0;
}

static void close_ends(const int* ends) {
    for (int index = 0; index < pipe_ends; ++index) {
        if (ends[index] >= 0) {
            close(ends[index]);
        }
    }
}

static int spawn_on_pipes(const struct request* request, struct child* child) {
    int ends[pipe_ends] = {-1, -1, -1, -1, -1, -1};
    int *input = ends, *output = ends + 2, *error = ends + 4; // [0] is read, [1] is written
    if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
        pipe2(error, O_CLOEXEC) < 0) {
        int failed = errno;
        close_ends(ends);
        return -failed;
    }
    pid_t pid = fork();
    if (pid < 0) {
        int failed = errno;
        close_ends(ends);
        return -failed;
    }
    if (pid == 0) {
        setsid();
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(error[1], STDERR_FILENO);
        execute(request);
    }
    close(input[0]);
    close(output[1]);
    close(error[1]);
    fcntl(input[1], F_SETFL, O_WRONLY | O_NONBLOCK);
    fcntl(output[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    fcntl(error[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    *child = (struct child){pid, input[1], output[0], error[0], .terminal = false};
    return 0;
}

int spawn(const struct request* request, struct child* child) {
    int failed =
        request->terminal ? spawn_on_terminal(request, child) : spawn_on_pipes(request, child);
    if (failed < 0) {
        report("cannot start the command: %s", strerror(-failed));
    }
    return failed;
}
