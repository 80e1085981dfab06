// SPDX-License-Identifier: BSD-2-Clause
// Load on a terminal device: letters in an order that the host knows, too (run.py), so that it sees
// each that is missing or came twice.
#define _GNU_SOURCE
#include "guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

void *use_stream(void *argument) {
    struct stream_load *load = argument;
    const int file = open(load->path, O_RDWR | O_NOCTTY);
    struct termios settings;
    if (file < 0 || tcgetattr(file, &settings) != 0) {
        complain("%s: cannot be opened", load->path);
        return NULL;
    }
    cfmakeraw(&settings);
    tcsetattr(file, TCSANOW, &settings);
    uint64_t state = 1, lengths = 7;
    while (!stop) {
        char text[3000]; // more at once than any FIFO holds
        const size_t most = next_random(&lengths) % 16 == 0 ? sizeof text : 100;
        const size_t length = 1 + next_random(&lengths) % most;
        for (size_t i = 0; i < length; i++)
            text[i] = letters[next_random(&state) % 64];
        for (size_t done = 0; done < length;) {
            const ssize_t now = write(file, text + done, length - done);
            if (now <= 0) {
                complain("%s: write failed", load->path);
                return NULL;
            }
            done += (size_t)now;
        }
        load->bytes += length;
        usleep(4000);
    }
    if (tcdrain(file) != 0)
        complain("%s: cannot be drained", load->path);
    close(file);
    return NULL;
}
