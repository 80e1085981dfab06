// SPDX-License-Identifier: BSD-2-Clause
// Helpers that print nothing: waiting, files, memory, signals.
#pragma once

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
