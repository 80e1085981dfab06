// SPDX-License-Identifier: BSD-2-Clause
//
// The virtio-console ports: /dev/vport0pN, N as in enum port_number. They appear some time after
// the driver starts, and the host's end is reported connected a moment after that.

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { patience_ms = 20000, pause_ms = 5 };

static void pause_shortly(void) {
    nanosleep(&(struct timespec){.tv_nsec = pause_ms * 1000000L}, NULL);
}

static int open_port(enum port_number number) {
    char path[32];
    snprintf(path, sizeof path, "/dev/vport0p%d", number);
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
        int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd >= 0) {
            return fd;
        }
        if (errno != ENOENT && errno != ENXIO && errno != ENODEV) {
            break;
        }
        pause_shortly();
    }
    int error = errno;
    report("cannot open %s: %s", path, strerror(error));
    return -error;
}

// Until the host's end is connected a read would answer end of file.
static int wait_until_connected(int fd) {
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
        struct pollfd event = {.fd = fd, .events = POLLIN | POLLOUT};
        if (poll(&event, 1, 0) >= 0 && !(event.revents & POLLHUP)) {
            return 0;
        }
        pause_shortly();
    }
    report("the host's end of the virtio-console ports is not connected");
    return -ENOTCONN;
}

int open_ports(struct ports* ports) {
    int* const fields[] = {&ports->control, &ports->input, &ports->output, &ports->error};
    for (int index = 0; index < 4; ++index) {
        int fd = open_port(port_control + index);
        if (fd < 0) {
            return fd;
        }
        *fields[index] = fd;
        int error = wait_until_connected(fd);
        if (error < 0) {
            return error;
        }
    }
    return 0;
}

int write_all(int fd, const void* bytes, size_t length) {
    const char* at = bytes;
    while (length > 0) {
        ssize_t written = write(fd, at, length);
        if (written >= 0) {
            at += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd event = {.fd = fd, .events = POLLOUT};
            poll(&event, 1, -1);
            if (event.revents & POLLHUP) {
                return -ENOTCONN;
            }
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}
