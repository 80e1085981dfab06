// SPDX-License-Identifier: BSD-2-Clause
//
// Two and more take turns: pipes, sockets, futexes.

#include "operation.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ring_size = 8 };

static int g_here[2] = {-1, -1}; // read end, write end of this side
static pid_t g_peers[ring_size];
static int g_peer_count;

// Sends back each byte that comes, until there is no one to send any.
static void echo(int from, int to) {
    char byte;
    while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1) {
    }
    _exit(0);
}

static int start_peer(int from, int to, int close_one, int close_two) {
    pid_t pid = fork();
    if (pid == 0) {
        close(close_one);
        if (close_two >= 0) {
            close(close_two);
        }
        echo(from, to);
    }
    if (pid > 0) {
        g_peers[g_peer_count++] = pid;
    }
    return outcome(pid);
}

static int prepare_pipes(void) {
    int to_peer[2], from_peer[2];
    if (pipe(to_peer) != 0 || pipe(from_peer) != 0) {
        return outcome(-1);
    }
    int failed = start_peer(to_peer[0], from_peer[1], to_peer[1], from_peer[0]);
    close(to_peer[0]);
    close(from_peer[1]);
    g_here[0] = from_peer[0];
    g_here[1] = to_peer[1];
    return failed;
}

static int prepare_sockets(void) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        return outcome(-1);
    }
    int failed = start_peer(ends[1], ends[1], ends[0], -1);
    close(ends[1]);
    g_here[0] = ends[0];
    g_here[1] = dup(ends[0]);
    return failed;
}

// This process and seven more, each passing the byte on to the next.
static int prepare_ring(void) {
    int first[2];
    if (pipe(first) != 0) {
        return outcome(-1);
    }
    g_here[1] = first[1];
    int from = first[0];
    for (int member = 1; member < ring_size; ++member) {
        int next[2];
        if (pipe(next) != 0) {
            return outcome(-1);
        }
        int failed = start_peer(from, next[1], g_here[1], next[0]);
        if (failed < 0) {
            return failed;
        }
        close(from);
        close(next[1]);
        from = next[0];
    }
    g_here[0] = from;
    return 0;
}

static void end_peers(void) {
    close(g_here[0]);
    close(g_here[1]);
    while (g_peer_count > 0) {
        pid_t pid = g_peers[--g_peer_count];
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static int turns_run(unsigned count) {
    char byte = 'x';
    for (unsigned index = 0; index < count; ++index) {
        if (write(g_here[1], &byte, 1) != 1 || read(g_here[0], &byte, 1) != 1) {
            return outcome(-1);
        }
    }
    return 0;
}

static atomic_int g_turn;
static atomic_int g_stop;
static pthread_t g_thread;

static void futex_wait(int value) {
    syscall(SYS_futex, &g_turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(void) { syscall(SYS_futex, &g_turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0); }

static void* answer(void* unused) {
    while (!g_stop) {
        if (g_turn == 1) {
            g_turn = 0;
            futex_wake();
        } else {
            futex_wait(0);
        }
    }
    return unused;
}

static int prepare_thread(void) {
    g_stop = 0;
    return -pthread_create(&g_thread, NULL, answer, NULL);
}

static void end_thread(void) {
    g_stop = 1;
    g_turn = 1;
    futex_wake();
    pthread_join(g_thread, NULL);
    g_turn = 0;
}

static int futex_run(unsigned count) {
    for (unsigned index = 0; index < count; ++index) {
        g_turn = 1;
        futex_wake();
        while (g_turn == 1) {
            futex_wait(1);
        }
    }
    return 0;
}

static const struct operation operations[] = {
    {"pipe_round_trip", turns_run, 1000, 1, prepare_pipes, end_peers},
    {"unix_round_trip", turns_run, 1000, 1, prepare_sockets, end_peers},
    {"futex_round_trip", futex_run, 1000, 1, prepare_thread, end_thread},
    {"pipe_ring_hop", turns_run, 200, ring_size, prepare_ring, end_peers},
};
const struct operation_list switch_operations = {operations,
                                                 sizeof operations / sizeof *operations};
