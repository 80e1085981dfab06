// SPDX-License-Identifier: BSD-2-Clause
// Messages of one byte between processes and threads, there and back.
//
// All peers run under SCHED_BATCH, whose threads do not preempt each other when they wake.
// Otherwise a kernel can slip, for as long as the row runs, into a rhythm in which a peer is
// preempted by whom it woke and never sleeps, so that half of the wake-ups fall away: two values
// for one row.
#include "bench.h"

#include "abi/native/transfer.h"

#include <arpa/inet.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ring_size = 8 };

static int to_peer, from_peer;

static void do_not_preempt_on_wake(void) {
    struct sched_param none = {0};
    sched_setscheduler(0, SCHED_BATCH, &none);  // a kernel without it is measured as it is
}

static pid_t peers[ring_size];
static int peer_count;

// Forks a process that sends back every byte it gets.
static void start_echo(int in, int out) {
    char byte;
    do_not_preempt_on_wake();
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        while (call3(SYS_read, in, (long)&byte, 1) == 1)
            call3(SYS_write, out, (long)&byte, 1);
        _exit(0);
    }
    peers[peer_count++] = pid;
}

static void stop_peers(void) {
    for (; peer_count > 0; peer_count--) {
        kill(peers[peer_count - 1], SIGKILL);
        waitpid(peers[peer_count - 1], NULL, 0);
    }
}

static uint64_t run_ping_pong(int count) {
    char byte = 'x';
    return TIMED(count, {
        call3(SYS_write, to_peer, (long)&byte, 1);
        call3(SYS_read, from_peer, (long)&byte, 1);
    });
}

static int set_up_pipes(void) {
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0)
        return errno;
    start_echo(there[0], back[1]);
    to_peer = there[1];
    from_peer = back[0];
    return 0;
}

// An empty message and its reply through a port (docs/native-api.md), between two processes; the
// rows of abi/native/calls.def by number.
enum { port_create = 0, port_call = 3, port_receive = 4, port_reply_and_receive = 6 };

static int port;

static inline long native_call(long row, uint64_t first) {
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register long r9 __asm__("r9") = 0;
    long result, second = 0, word = 0;
    __asm__ volatile("syscall"
                     : "=a"(result), "+S"(second), "+d"(word), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "a"(PITH_CALL_BASE + row), "D"(first)
                     : "rcx", "r11", "memory");
    return result;
}

static int set_up_port(void) {
    long made = native_call(port_create, 0);
    if (made < 0)
        return (int)-made;
    port = (int)made;
    do_not_preempt_on_wake();
    pid_t pid = fork();
    MUST(pid >= 0);
    if (pid == 0) {
        long token = native_call(port_receive, (uint64_t)port);
        while (token > 0)
            token = native_call(port_reply_and_receive, (uint64_t)port | (uint64_t)token << 32);
        _exit(1);
    }
    peers[peer_count++] = pid;
    return 0;
}

static uint64_t run_port(int count) {
    return TIMED(count, MUST(native_call(port_call, (uint64_t)port) == 0));
}

static int set_up_ring(void) {
    int ends[ring_size][2];
    for (int i = 0; i < ring_size; i++)
        if (pipe(ends[i]) < 0)
            return errno;
    for (int i = 0; i < ring_size - 1; i++)
        start_echo(ends[i][0], ends[i + 1][1]);
    to_peer = ends[0][1];
    from_peer = ends[ring_size - 1][0];
    return 0;
}

static int set_up_unix(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return errno;
    start_echo(pair[1], pair[1]);
    to_peer = from_peer = pair[0];
    return 0;
}

static int set_up_tcp(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int on = 1, server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || client < 0 || bind(server, (struct sockaddr *)&name, size) < 0 ||
        listen(server, 1) < 0 || getsockname(server, (struct sockaddr *)&name, &size) < 0 ||
        connect(client, (struct sockaddr *)&name, size) < 0)
        return errno;
    int accepted = accept(server, NULL, NULL);
    if (accepted < 0)
        return errno;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    start_echo(accepted, accepted);
    to_peer = from_peer = client;
    return 0;
}

// Two threads hand a turn to each other through one word each.
static int turns[2];

static void give(int who) {
    __atomic_store_n(&turns[who], 1, __ATOMIC_SEQ_CST);
    call6(SYS_futex, (long)&turns[who], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void take(int who) {
    while (!__atomic_load_n(&turns[who], __ATOMIC_SEQ_CST))
        call6(SYS_futex, (long)&turns[who], FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
    __atomic_store_n(&turns[who], 0, __ATOMIC_SEQ_CST);
}

static void *futex_peer(void *unused) {
    for (;;) {
        take(1);
        give(0);
    }
    return unused;
}

static int set_up_futex(void) {
    pthread_t thread;
    do_not_preempt_on_wake();
    return pthread_create(&thread, NULL, futex_peer, NULL);
}

static uint64_t run_futex(int count) {
    return TIMED(count, {
        give(1);
        take(0);
    });
}

#define MESSAGE_ROW(name, prepare, number, divisor)                                    \
    {.key = name, .set_up = prepare, .run = run_ping_pong, .tear_down = stop_peers,    \
     .count = number, .per = divisor}

const struct row message_rows[] = {
    MESSAGE_ROW("pipe_ping_pong", set_up_pipes, 100, 1),
    {.key = "port_call", .set_up = set_up_port, .run = run_port, .tear_down = stop_peers,
     .count = 300},
    MESSAGE_ROW("unix_ping_pong", set_up_unix, 100, 1),
    MESSAGE_ROW("tcp_ping_pong", set_up_tcp, 100, 1),
    {.key = "futex_ping_pong", .set_up = set_up_futex, .run = run_futex, .count = 100},
    MESSAGE_ROW("pipe_ring_8_per_hop", set_up_ring, 20, ring_size),
    {0},
};
