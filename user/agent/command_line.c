// SPDX-License-Identifier: BSD-2-Clause
//
// Options on the kernel's command line, read once from /proc/cmdline. Quoting is the kernel's:
// double quotes keep spaces together.

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char* command_line(void) {
    static char text[4096];
    static bool loaded;
    if (!loaded) {
        loaded = true;
        int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            report("cannot read /proc/cmdline: %s", strerror(errno));
            return text;
        }
        ssize_t length = read(fd, text, sizeof text - 1);
        text[length < 0 ? 0 : length] = '\0';
        close(fd);
    }
    return text;
}

// Copies the next option into `option`; answers where to go on, or NULL at the end.
static const char* next_option(const char* at, char* option, size_t capacity) {
    while (*at == ' ' || *at == '\n') {
        ++at;
    }
    if (*at == '\0') {
        return NULL;
    }
    size_t used = 0;
    for (bool quoted = false; *at && (quoted || (*at != ' ' && *at != '\n')); ++at) {
        if (*at == '"') {
            quoted = !quoted;
        } else if (used + 1 < capacity) {
            option[used++] = *at;
        }
    }
    option[used] = '\0';
    return at;
}

bool boot_option(const char* name, char* value, size_t capacity) {
    char option[512];
    bool found = false;
    size_t length = strlen(name);
    const char* at = command_line();
    while ((at = next_option(at, option, sizeof option)) != NULL) {
        if (strncmp(option, name, length) != 0) {
            continue;
        }
        if (option[length] == '\0' || option[length] == '=') {
            found = true; // the last one counts
            snprintf(value, capacity, "%s", option[length] ? option + length + 1 : "");
        }
    }
    return found;
}
