// SPDX-License-Identifier: BSD-2-Clause
// Pseudo-terminals for the programs of the tty family.
#pragma once

#include <termios.h>

struct pair {
    int master;
    int terminal;
};

__attribute__((unused)) static struct pair open_pair(void) {
    struct pair pair;
    int number = 0;
    char name[32];
    pair.master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(pair.master >= 0);
    REQUIRE(unlockpt(pair.master) == 0);
    REQUIRE(ioctl(pair.master, TIOCGPTN, &number) == 0);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    pair.terminal = open(name, O_RDWR | O_NOCTTY);
    REQUIRE(pair.terminal >= 0);
    return pair;
}

__attribute__((unused)) static void set_raw(int fd) {
    struct termios mode;
    REQUIRE(tcgetattr(fd, &mode) == 0);
    cfmakeraw(&mode);
    REQUIRE(tcsetattr(fd, TCSANOW, &mode) == 0);
}

// Types keys on the master and gives the line discipline, which may work behind our back, a moment.
__attribute__((unused)) static void type(struct pair *pair, const char *keys) {
    REQUIRE(write(pair->master, keys, strlen(keys)) == (ssize_t)strlen(keys));
    sleep_ms(20);
}

// The text with \n, \r, \b spelt out, in a static buffer.
__attribute__((unused)) static char *escape(const char *text) {
    static char out[512];
    char *to = out;
    for (; *text && to < out + sizeof out - 3; text++) {
        char letter = *text == '\n' ? 'n' : *text == '\r' ? 'r' : *text == '\b' ? 'b' : 0;
        if (letter) {
            *to++ = '\\';
            *to++ = letter;
        } else {
            *to++ = *text;
        }
    }
    *to = 0;
    return out;
}

// All output so far, escaped.
__attribute__((unused)) static char *drain(struct pair *pair) {
    char text[256];
    ssize_t length = 0;
    struct pollfd one = {pair->master, POLLIN, 0};
    while (length < (ssize_t)sizeof text - 1 && poll(&one, 1, 30) == 1 && one.revents & POLLIN) {
        ssize_t n = read(pair->master, text + length, sizeof text - 1 - length);
        if (n <= 0)
            break;
        length += n;
    }
    text[length] = 0;
    return escape(text);
}
