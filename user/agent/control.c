// SPDX-License-Identifier: BSD-2-Clause
//
// The control port's messages: one byte of kind, four bytes of length (little-endian), payload.
// A payload is a sequence of NUL-terminated words, so an argument may hold anything a C string can.

#include "agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { header_size = 5, largest_payload = 4 << 20, fixed_start_words = 4 };

static int read_all(int fd, void* bytes, size_t length) {
    char* at = bytes;
    while (length > 0) {
        ssize_t got = read(fd, at, length);
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        } else if (got == 0) {
            return -ENOTCONN;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int message_read(int control, struct message* message) {
    unsigned char header[header_size];
    int error = read_all(control, header, sizeof header);
    if (error < 0) {
        return error;
    }
    uint32_t length = (uint32_t)header[1] | (uint32_t)header[2] << 8 | (uint32_t)header[3] << 16 |
                      (uint32_t)header[4] << 24;
    if (length > largest_payload) {
        return -EPROTO;
    }
    char* payload = malloc((size_t)length + 1);
    if (payload == NULL) {
        return -ENOMEM;
    }
    error = read_all(control, payload, length);
    if (error < 0) {
        free(payload);
        return error;
    }
    payload[length] = '\0';
    *message = (struct message){.kind = (char)header[0], .length = length, .payload = payload};
    return 0;
}

int message_write(int control, char kind, const void* payload, size_t length) {
    unsigned char header[header_size] = {
        (unsigned char)kind,           (unsigned char)length,         (unsigned char)(length >> 8),
        (unsigned char)(length >> 16), (unsigned char)(length >> 24),
    };
    int error = write_all(control, header, sizeof header);
    return error < 0 ? error : write_all(control, payload, length);
}

void message_free(struct message* message) {
    free(message->payload);
    message->payload = NULL;
}

static size_t count_words(const struct message* message) {
    size_t words = 0;
    for (uint32_t index = 0; index < message->length; ++index) {
        words += message->payload[index] == '\0';
    }
    return words;
}

// An absent word reads as the empty string.
const char* message_word(const struct message* message, size_t index) {
    const char* at = message->payload;
    const char* end = message->payload + message->length;
    while (index-- > 0 && at < end) {
        at += strlen(at) + 1;
    }
    return at < end ? at : "";
}

int parse_start(struct message* message, struct request* request) {
    size_t words = count_words(message);
    if (message->kind != message_start || words < fixed_start_words) {
        return -EPROTO;
    }
    size_t arguments = words - fixed_start_words;
    char** argv = calloc(arguments + 1, sizeof *argv);
    if (argv == NULL) {
        return -ENOMEM;
    }
    char* at = (char*)message_word(message, fixed_start_words);
    for (size_t index = 0; index < arguments; ++index) {
        argv[index] = at;
        at += strlen(at) + 1;
    }
    *request = (struct request){
        .terminal = strcmp(message_word(message, 0), "terminal") == 0,
        .terminal_type = message_word(message, 1),
        .rows = atoi(message_word(message, 2)),
        .columns = atoi(message_word(message, 3)),
        .argv = argv,
    };
    return 0;
}
