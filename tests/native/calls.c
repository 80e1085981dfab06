// SPDX-License-Identifier: BSD-2-Clause
// What single native calls answer: words, rights, errors, handles, signals, deaths.
#include "guest.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static long by_interrupt(long number, long a, long b, long c) {
    long result;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register long r9 __asm__("r9") = 0;
    __asm__ volatile("int $0x81"
                     : "=a"(result), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8), "+r"(r9)
                     : "a"(number), "D"(a)
                     : "rcx", "r11", "memory");
    return result < 0 ? result : number == PITH_CALL_BASE + 3 ? c : result;
}

// Answers every call with the word and the caller's badge added, until the word 0.
static void add_badges(int port) {
    struct pith_words words;
    uint64_t badge;
    int64_t token = pith_receive(port, &words, NULL, &badge);
    while (token > 0 && words.word[0] != 0) {
        words.word[0] += badge;
        token = pith_reply_and_receive(port, (uint32_t)token, &words, NULL, &badge);
    }
    CHECK(token > 0);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), 0);
}

static void words_and_badges(void) {
    int port = pith_port_create(0), five = pith_port_duplicate(port, PITH_RIGHT_CALL, 5, 0);
    pid_t server = CHILD(add_badges(port));
    IS(call_with(port, 100), 100);
    IS(call_with(five, 100), 105);
    IS(by_interrupt(PITH_CALL_BASE + 3, five, 0, 200), 205);
    IS(call_with(dup(five), 1), 6);
    struct pith_words words = {{1, 2, 3, 4}};
    IS(pith_call(port, &words, NULL), 0);
    CHECK(words.word[1] == 2 && words.word[2] == 3 && words.word[3] == 4);
    IS(call_with(port, 0), 0);
    IS(status_of(server), 0);
}

static void numbers_of_nobody(void) {
    static const long numbers[] = {PITH_CALL_BASE + 7, PITH_CALL_BASE - 1, 0x40000000, 0x40000027,
                                   0x6fffffff, 0x7fffffff, 1000000, -1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        errno = 0;
        IS(syscall(numbers[i], 0, 0, 0), -1);
        IS(errno, ENOSYS);
        IS(by_interrupt(numbers[i], 0, 0, 0), -ENOSYS);
    }
    IS(by_interrupt(SYS_getpid, 0, 0, 0), -ENOSYS);  // Linux's calls have their own ways
}

static void rights_only_narrow(void) {
    int port = pith_port_create(0);
    int caller = pith_port_duplicate(port, PITH_RIGHT_CALL | PITH_RIGHT_DUPLICATE, 3, 0);
    uint32_t rights;
    uint64_t badge;
    IS(pith_port_information(caller, &rights, &badge), 0);
    IS(rights, PITH_RIGHT_CALL | PITH_RIGHT_DUPLICATE);
    IS(badge, 3);
    CHECK(pith_port_duplicate(caller, PITH_RIGHT_CALL, 3, 0) > 0);
    IS(pith_port_duplicate(caller, PITH_RIGHT_CALL, 4, 0), -EACCES);
    IS(pith_port_duplicate(caller, PITH_RIGHTS_ALL, 3, 0), -EACCES);
    IS(pith_port_duplicate(caller, 16, 3, 0), -EINVAL);
    IS(pith_port_duplicate(caller, PITH_RIGHT_CALL, 3, 8), -EINVAL);
    int last = pith_port_duplicate(caller, PITH_RIGHT_CALL, 3, 0);
    IS(pith_port_duplicate(last, PITH_RIGHT_CALL, 3, 0), -EACCES);
    struct pith_words words = {{0}};
    IS(pith_receive(last, &words, NULL, NULL), -EACCES);
    IS(pith_reply(last, 1, &words, NULL), -EACCES);
    int receiver = pith_port_duplicate(port, PITH_RIGHT_RECEIVE, 0, 0);
    IS(pith_call(receiver, &words, NULL), -EACCES);
    IS(fcntl(last, F_GETFD), FD_CLOEXEC);
    IS(fcntl(pith_port_duplicate(port, 0, 0, PITH_KEEP_ON_EXEC), F_GETFD), 0);
}

static void wrong_arguments(void) {
    int port = pith_port_create(0), other = open("/", O_RDONLY);
    struct pith_words words = {{0}};
    IS(pith_port_create(77), -EINVAL);
    IS(pith_call(-1, &words, NULL), -EBADF);
    IS(pith_call(1000, &words, NULL), -EBADF);
    IS(pith_call(other, &words, NULL), -EOPNOTSUPP);
    IS(pith_receive(other, &words, NULL, NULL), -EOPNOTSUPP);
    IS(pith_reply(port, 1, &words, NULL), -ESRCH);
    IS(pith_reply(port, 0, &words, NULL), -ESRCH);
    IS(pith_reply_and_receive(port, 12345, &words, NULL, NULL), -ESRCH);
    static const uint64_t bad[] = {16, 0xffff800000000000, 0x00007ffffffff000, ~7ull};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pith_transfer *nowhere = (struct pith_transfer *)bad[i];
        IS(pith_call(port, &words, nowhere), -EFAULT);
        IS(pith_receive(port, &words, nowhere, NULL), -EFAULT);
        IS(pith_reply(port, 1, &words, nowhere), -EFAULT);
        struct pith_transfer lost = {.send_data = bad[i], .send_size = 64};
        IS(pith_call(port, &words, &lost), -EFAULT);
    }
    struct pith_transfer t = {.send_size = PITH_MESSAGE_BYTES_MAX + 1};
    IS(pith_call(port, &words, &t), -EINVAL);
    t = (struct pith_transfer){.send_size = ~0u};
    IS(pith_call(port, &words, &t), -EINVAL);
    t = (struct pith_transfer){.send_count = 9};
    IS(pith_call(port, &words, &t), -EINVAL);
    t = (struct pith_transfer){.receive_count = ~0u};
    IS(pith_receive(port, &words, &t, NULL), -EINVAL);
    t = (struct pith_transfer){.flags = 4};
    IS(pith_receive(port, &words, &t, NULL), -EINVAL);
    t = (struct pith_transfer){.send_count = 2, .send_handles = {port, 999}};
    IS(pith_call(port, &words, &t), -EBADF);
    t.send_handles[1] = -1;
    IS(pith_call(port, &words, &t), -EBADF);
    int kept = pith_port_duplicate(port, PITH_RIGHT_CALL, 0, 0);
    t.send_handles[1] = kept;
    IS(pith_call(port, &words, &t), -EPERM);
    t = (struct pith_transfer){.flags = PITH_DO_NOT_WAIT};
    IS(pith_receive(port, &words, &t, NULL), -EAGAIN);
    t = (struct pith_transfer){.deadline = after_milliseconds(20)};
    IS(pith_receive(port, &words, &t, NULL), -ETIMEDOUT);
    t.deadline = 1;
    IS(pith_call(port, &words, &t), -ETIMEDOUT);
    IS(becomes_readable(port, 0), 0);
}

// The caller's error when the receiver's buffer is bad, and the receiver's.
static void faults_on_the_other_side(void) {
    int port = pith_port_create(0);
    pid_t server = CHILD({
        struct pith_words words;
        struct pith_transfer t = {.receive_data = 16, .receive_size = 100};
        IS(pith_receive(port, &words, &t, NULL), -EFAULT);
        t = (struct pith_transfer){.receive_count = 2, .flags = 0};
        struct rlimit few = {(rlim_t)port + 2, (rlim_t)port + 2};
        setrlimit(RLIMIT_NOFILE, &few);
        IS(pith_receive(port, &words, &t, NULL), -EMFILE);
        IS(open("/", O_RDONLY), port + 1);  // and the one that was free still is
    });
    struct pith_words words = {{0}};
    struct pith_transfer t = {.send_data = (uint64_t)"bytes", .send_size = 5};
    IS(pith_call(port, &words, &t), -ECOMM);
    t = (struct pith_transfer){.send_count = 2, .send_handles = {0, 1}};
    IS(pith_call(port, &words, &t), -ECOMM);
    IS(status_of(server), 0);
}

static void handles_move_or_stay(void) {
    int port = pith_port_create(0), ends[2];
    pid_t server = CHILD({
        char text[8];
        struct pith_words words;
        struct pith_transfer t = {.receive_data = (uint64_t)text, .receive_size = sizeof text};
        t.receive_count = 2;
        int64_t token = pith_receive(port, &words, &t, NULL);
        CHECK(token > 0);
        IS(t.receive_size, 3);
        IS(t.receive_count, 2);
        IS(memcmp(text, "abc", 3), 0);
        IS(write(t.receive_handles[0], "x", 1), 1);
        IS(fcntl(t.receive_handles[1], F_GETFD), FD_CLOEXEC);
        struct pith_transfer back = {.send_count = 1, .send_moves = 1};
        back.send_handles[0] = t.receive_handles[1];
        IS(pith_reply(port, (uint32_t)token, &words, &back), 0);
        IS(fcntl(t.receive_handles[1], F_GETFD), -1);
    });
    pipe(ends);
    int kept = dup(ends[1]);
    struct pith_words words = {{0}};
    struct pith_transfer t = {.send_data = (uint64_t)"abc", .send_size = 3, .send_count = 2,
                              .send_moves = 2, .send_handles = {ends[1], kept}, .receive_count = 1};
    IS(pith_call(port, &words, &t), 0);
    IS(fcntl(ends[1], F_GETFD), 0);
    IS(t.receive_count, 1);
    char byte = 0;
    IS(read(ends[0], &byte, 1), 1);
    IS(status_of(server), 0);
    close(ends[1]);
    if (t.receive_handles[0] != kept)
        IS(fcntl(kept, F_GETFD), -1);
    close(t.receive_handles[0]);
    IS(read(ends[0], &byte, 1), 0);  // nobody has the other end any more
    // Never received: nothing moves.
    kept = dup(ends[0]);
    t = (struct pith_transfer){.send_count = 1, .send_moves = 1, .send_handles = {kept},
                               .deadline = after_milliseconds(20)};
    IS(pith_call(port, &words, &t), -ETIMEDOUT);
    IS(fcntl(kept, F_GETFD), 0);
}

// A server gives the handle it receives by away in a reply, while it goes on to receive by it.
static void gives_itself_away(void) {
    int port = pith_port_create(0), caller = pith_port_duplicate(port, PITH_RIGHT_CALL, 0, 0);
    pid_t server = CHILD({
        struct pith_words words;
        int64_t token = pith_receive(port, &words, NULL, NULL);
        struct pith_transfer t = {.send_count = 1, .send_moves = 1, .send_handles = {port}};
        token = pith_reply_and_receive(port, (uint32_t)token, &words, &t, NULL);
        CHECK(token > 0);
        IS(pith_reply(port, (uint32_t)token, &words, NULL), -EBADF);
    });
    close(port);
    struct pith_words words = {{0}};
    struct pith_transfer t = {.receive_count = 1};
    IS(pith_call(caller, &words, &t), 0);
    IS(t.receive_count, 1);
    close(t.receive_handles[0]);
    IS(call_with(caller, 1), -ECONNRESET);
    IS(status_of(server), 0);
}

static void sent_over_a_socket(void) {
    int port = pith_port_create(0), pair[2];
    int lent = pith_port_duplicate(port, PITH_RIGHT_CALL | PITH_RIGHT_TRANSFER, 8, 0);
    int kept = pith_port_duplicate(port, PITH_RIGHT_CALL, 8, 0);
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    char byte = 'x', space[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = space,
                             .msg_controllen = sizeof space};
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    *control = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
                                .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(control), &kept, sizeof kept);
    IS(sendmsg(pair[0], &message, 0), -1);
    IS(errno, EPERM);
    memcpy(CMSG_DATA(control), &lent, sizeof lent);
    IS(sendmsg(pair[0], &message, 0), 1);
    pid_t server = CHILD(add_badges(port));
    close(lent);
    IS(recvmsg(pair[1], &message, 0), 1);
    memcpy(&lent, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof lent);
    IS(call_with(lent, 1), 9);
    IS(call_with(port, 0), 0);
    IS(status_of(server), 0);
}

static void the_other_side_dies(void) {
    int port = pith_port_create(0), caller = pith_port_duplicate(port, PITH_RIGHT_CALL, 0, 0);
    // A caller that was received, then one that was not.
    pid_t client = CHILD(call_with(caller, 1));
    struct pith_words words;
    int64_t token = pith_receive(port, &words, NULL, NULL);
    kill(client, SIGKILL);
    status_of(client);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), -ESRCH);
    client = CHILD(call_with(caller, 1));
    CHECK(becomes_readable(port, 5000));
    kill(client, SIGKILL);
    status_of(client);
    IS(becomes_readable(port, 0), 0);
    // A server that dies with a call, while we could still receive.
    pid_t server = CHILD({
        pith_receive(port, &words, NULL, NULL);
        kill(getpid(), SIGKILL);
    });
    IS(call_with(caller, 1), -ECONNRESET);
    status_of(server);
    // The last receiver goes: who waits, and who comes later.
    server = CHILD({
        usleep(30000);
        _exit(0);
    });
    close(port);
    struct pollfd entry = {.fd = caller};
    IS(call_with(caller, 1), -EPIPE);
    IS(call_with(caller, 1), -EPIPE);
    IS(poll(&entry, 1, 0), 1);
    IS(entry.revents, POLLHUP);
    status_of(server);
}

static volatile int signals_seen;
static void on_signal(int number) {
    (void)number;
    signals_seen++;
}

static pid_t client_with_handler(int port, int action_flags, uint32_t flags, long want) {
    return CHILD({
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = action_flags};
        sigaction(SIGUSR1, &action, NULL);
        struct pith_words words = {{1}};
        struct pith_transfer t = {.flags = flags};
        IS(pith_call(port, &words, &t), want);
        IS(signals_seen, 1);
    });
}

static void signals_interrupt(void) {
    int port = pith_port_create(0);
    struct pith_words words = {{0}};
    // Not received yet: EINTR, or made again.
    pid_t client = client_with_handler(port, 0, 0, -EINTR);
    CHECK(becomes_readable(port, 5000));
    kill(client, SIGUSR1);
    IS(status_of(client), 0);
    client = client_with_handler(port, SA_RESTART, 0, 0);
    CHECK(becomes_readable(port, 5000));
    kill(client, SIGUSR1);
    usleep(50000);
    int64_t token = pith_receive(port, &words, NULL, NULL);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), 0);
    IS(status_of(client), 0);
    // Received: it waits for the reply, unless it said otherwise.
    client = client_with_handler(port, 0, 0, 0);
    token = pith_receive(port, &words, NULL, NULL);
    kill(client, SIGUSR1);
    usleep(50000);
    IS(waitpid(client, NULL, WNOHANG), 0);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), 0);
    IS(status_of(client), 0);
    client = client_with_handler(port, SA_RESTART, PITH_END_BY_SIGNAL, -EINTR);
    token = pith_receive(port, &words, NULL, NULL);
    kill(client, SIGUSR1);
    IS(status_of(client), 0);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), -ESRCH);
}

static void pollable(void) {
    int port = pith_port_create(0), set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = port};
    IS(epoll_ctl(set, EPOLL_CTL_ADD, port, &event), 0);
    IS(epoll_wait(set, &event, 1, 0), 0);
    pid_t client = CHILD(call_with(port, 7));
    IS(epoll_wait(set, &event, 1, 5000), 1);
    struct pith_words words;
    int64_t token = pith_receive(port, &words, NULL, NULL);
    IS(epoll_wait(set, &event, 1, 0), 0);
    IS(pith_reply(port, (uint32_t)token, &words, NULL), 0);
    IS(status_of(client), 0);
    int bell = pith_event_create();
    IS(pith_event_wait(bell, after_milliseconds(10)), -ETIMEDOUT);
    IS(pith_event_signal(bell), 0);
    CHECK(becomes_readable(bell, 0));
    IS(pith_event_wait(bell, 0), 0);
    IS(becomes_readable(bell, 0), 0);
}

// Filters see native calls by their numbers, by either way in.
static void filtered(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PITH_CALL_BASE, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 55),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {4, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    IS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    IS(pith_port_create(0), -55);
    IS(by_interrupt(PITH_CALL_BASE, 0, 0, 0), -55);
    IS(call_with(999, 0), -EBADF);
    IS(by_interrupt(SYS_getpid, 0, 0, 0), -ENOSYS);
}

const struct test call_tests[] = {
    {"words-and-badges", words_and_badges},
    {"numbers-of-nobody", numbers_of_nobody},
    {"rights-only-narrow", rights_only_narrow},
    {"wrong-arguments", wrong_arguments},
    {"faults-on-the-other-side", faults_on_the_other_side},
    {"handles-move-or-stay", handles_move_or_stay},
    {"gives-itself-away", gives_itself_away},
    {"sent-over-a-socket", sent_over_a_socket},
    {"the-other-side-dies", the_other_side_dies},
    {"signals-interrupt", signals_interrupt},
    {"pollable", pollable},
    {"filtered", filtered},
    {0},
};
