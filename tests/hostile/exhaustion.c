// SPDX-License-Identifier: BSD-2-Clause
// Takes all there is of memory, mappings, processes, threads, descriptors, pipes and signals.
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { process_limit = 100, piece = 4 << 20 };

static void limit(int which, rlim_t value) {
    struct rlimit both = {value, value};
    setrlimit(which, &both);
}

static void memory_touched(void) {
    for (;;) {
        char *at = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) {
            for (;;)
                pause();
        }
        for (int i = 0; i < piece; i += 4096)
            at[i] = 1;
    }
}

static void memory_touched_by_threads(void) {
    pthread_t thread;
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, (void *(*)(void *))(uintptr_t)memory_touched, NULL);
    memory_touched();
}

// All of a tmpfs: it takes half of the memory and then says ENOSPC.
static void memory_in_files(void) {
    static char data[65536];
    int fd = open("/tmp/hostile-fill", O_RDWR | O_CREAT, 0600);
    unlink("/tmp/hostile-fill");
    memset(data, 'x', sizeof data);
    while (write(fd, data, sizeof data) > 0) {
    }
    if (errno != ENOSPC && errno != ENOMEM)
        fail("errno %d", errno);
}

static void memory_reserved(void) {
    for (size_t size = 1UL << 46; size >= 4096; size /= 2)
        while (mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) !=
               MAP_FAILED) {
        }
    if (errno != ENOMEM)
        fail("errno %d", errno);
}

static void mappings(void) {
    char *area = mmap(NULL, 4096UL * 200000, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; i < 200000; i += 2)
        if (mprotect(area + i * 4096, 4096, PROT_READ) < 0) {
            if (errno != ENOMEM)
                fail("errno %d", errno);
            return;
        }
}

static void fork_bomb(void) {
    limit(RLIMIT_NPROC, process_limit);
    become_nobody();
    for (;;)
        if (fork() < 0)
            usleep(1000);
}

static void fork_bomb_that_dies(void) {
    limit(RLIMIT_NPROC, process_limit);
    become_nobody();
    pid_t first = getpid();
    signal(SIGCHLD, SIG_IGN);
    for (;;)
        if (fork() < 0 && getpid() != first)
            _exit(0);
}

static void *sleeper(void *unused) {
    for (;;)
        pause();
    return unused;
}

static void thread_bomb(void) {
    pthread_t thread;
    pthread_attr_t attributes;
    limit(RLIMIT_NPROC, 500);
    become_nobody();
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 16384);
    int count = 0, error;
    while ((error = pthread_create(&thread, &attributes, sleeper, NULL)) == 0)
        if (++count > 500)
            fail("%d threads in spite of the limit", count);
    if (error != EAGAIN)
        fail("error %d", error);
}

static void raise_descriptor_limit(void) {
    struct rlimit now;
    getrlimit(RLIMIT_NOFILE, &now);
    limit(RLIMIT_NOFILE, now.rlim_max < 20000 ? now.rlim_max : 20000);
}

static void descriptors(void) {
    raise_descriptor_limit();
    while (open("/dev/null", O_RDONLY) >= 0) {
    }
    if (errno != EMFILE && errno != ENFILE)
        fail("errno %d", errno);
    if (dup(0) >= 0)
        fail("one more");
}

static void pipes(void) {
    static char data[65536];
    int ends[2];
    raise_descriptor_limit();
    become_nobody();
    while (pipe2(ends, O_NONBLOCK) == 0)
        while (write(ends[1], data, sizeof data) > 0) {
        }
    if (errno != EMFILE && errno != ENFILE)
        fail("errno %d", errno);
}

static void sockets(void) {
    static char data[65536];
    int pair[2];
    limit(RLIMIT_NOFILE, 1024);
    while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0)
        while (write(pair[1], data, sizeof data) > 0) {
        }
    if (errno != EMFILE && errno != ENFILE)
        fail("errno %d", errno);
}

static void signals(void) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    become_nobody();
    limit(RLIMIT_SIGPENDING, 1000);
    for (int i = 0; i < 5000; i++)
        if (sigqueue(getpid(), 40, (union sigval){0}) < 0) {
            if (errno != EAGAIN)
                fail("errno %d", errno);
            return;
        }
    fail("5000 signals in spite of the limit");
}

static void file_names(void) {
    char name[32] = "/tmp/hostile-names";
    mkdir(name, 0700);
    if (chdir(name) < 0)
        fail("chdir: errno %d", errno);
    int depth = 0;
    while (depth < 2000 && mkdir("d", 0700) == 0 && chdir("d") == 0)
        depth++;
    for (int i = 0; i <= depth; i++) {
        chdir("..");
        rmdir("d");
    }
    rmdir("/tmp/hostile-names");
    if (depth < 100)
        fail("depth %d", depth);
}

#define ENTRY(function, ...) {.name = "exhaustion/" #function, .run = function, __VA_ARGS__}

const struct attack exhaustion_attacks[] = {
    ENTRY(memory_touched, .signals = SIGNAL(SIGKILL), .seconds = 120),
    ENTRY(memory_touched_by_threads, .signals = SIGNAL(SIGKILL), .seconds = 120),
    ENTRY(memory_in_files, .signals = SIGNAL(SIGKILL), .may_return = true, .seconds = 120),
    ENTRY(memory_reserved, .may_return = true),
    ENTRY(mappings, .may_return = true, .seconds = 60),
    ENTRY(fork_bomb, .endless = true, .seconds = 2),
    ENTRY(fork_bomb_that_dies, .endless = true, .seconds = 2),
    ENTRY(thread_bomb, .may_return = true),
    ENTRY(descriptors, .may_return = true),
    ENTRY(pipes, .may_return = true, .seconds = 60),
    ENTRY(sockets, .may_return = true, .seconds = 60),
    ENTRY(signals, .may_return = true),
    ENTRY(file_names, .may_return = true),
    {0},
};
