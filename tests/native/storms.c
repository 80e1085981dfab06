// SPDX-License-Identifier: BSD-2-Clause
// Many at once: processes and threads that call each other with handles in flight, some of them
// killed; and a ring whose other side lies.
#include "guest.h"

#include <pthread.h>
#include <sys/mman.h>

enum { server_threads = 3, client_threads = 2, clients = 6, calls_wanted = 10000 };

static int port, caller;

static void *serve(void *unused) {
    char bytes[64];
    struct pith_words words;
    for (;;) {
        struct pith_transfer t = {.receive_data = (uint64_t)bytes, .receive_size = sizeof bytes,
                                  .receive_count = 2};
        int64_t token = pith_receive(port, &words, &t, NULL);
        while (token > 0) {
            struct pith_transfer taken = t;
            words.word[0] ^= 1;
            // What came goes back, moved: the server keeps nothing.
            t = (struct pith_transfer){
                .send_data = (uint64_t)bytes, .send_size = taken.receive_size,
                .send_count = taken.receive_count, .send_moves = 3,
                .send_handles = {taken.receive_handles[0], taken.receive_handles[1]},
                .receive_data = (uint64_t)bytes, .receive_size = sizeof bytes, .receive_count = 2};
            token = pith_reply_and_receive(port, (uint32_t)token, &words, &t, NULL);
            if (token == -ESRCH)  // its caller was killed
                for (uint32_t i = 0; i < taken.receive_count; i++)
                    close(taken.receive_handles[i]);
        }
    }
    return unused;
}

static void run_server(void) {
    pthread_t thread;
    close(caller);
    for (int i = 1; i < server_threads; i++)
        pthread_create(&thread, NULL, serve, NULL);
    serve(NULL);
}

struct shared {
    uint64_t answered, reset, wrong;
};
static struct shared *shared;
static int pipe_end;  // goes along in messages

// One call with bytes and two handles, which come back.
static int call_once(uint64_t number) {
    char sent[40], got[40];
    memset(sent, (int)number, sizeof sent);
    int moved = dup(pipe_end);
    struct pith_words words = {{number}};
    struct pith_transfer t = {
        .send_data = (uint64_t)sent, .send_size = sizeof sent, .send_count = 2, .send_moves = 1,
        .send_handles = {moved, pipe_end}, .receive_data = (uint64_t)got,
        .receive_size = sizeof got, .receive_count = 2};
    if (number % 3 == 0)
        t = (struct pith_transfer){.flags = 0};
    int result = pith_call(caller, &words, &t);
    if (number % 3 == 0 || result == -EPIPE || moved < 0)
        close(moved);  // it never left
    if (result < 0)
        return result;
    bool right = words.word[0] == (number ^ 1);
    if (number % 3 != 0) {
        right = right && t.receive_count == 2 && memcmp(sent, got, sizeof got) == 0;
        close(t.receive_handles[0]);
        close(t.receive_handles[1]);
    }
    if (!right)
        __atomic_fetch_add(&shared->wrong, 1, __ATOMIC_RELAXED);
    return 0;
}

static void *call_on(void *unused) {
    for (uint64_t number = (uint64_t)getpid() << 20;; number++) {
        const int result = call_once(number);
        __atomic_fetch_add(result == 0             ? &shared->answered
                           : result == -ECONNRESET ? &shared->reset
                                                   : &shared->wrong,
                           1, __ATOMIC_RELAXED);
        if (result != 0 && result != -ECONNRESET)
            printf("call: %d\n", result);
    }
    return unused;
}

static void run_client(void) {
    pthread_t thread;
    close(port);
    for (int i = 1; i < client_threads; i++)
        pthread_create(&thread, NULL, call_on, NULL);
    call_on(NULL);
}

static void end(pid_t pid) {
    kill(pid, SIGKILL);
    status_of(pid);
}

static void storm(bool with_kills) {
    int ends[2];
    pipe(ends);
    pipe_end = ends[1];
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    port = pith_port_create(0);
    caller = pith_port_duplicate(port, PITH_RIGHT_CALL, 1, 0);
    pid_t server[2] = {CHILD(run_server()), CHILD(run_server())}, client[clients];
    for (int i = 0; i < clients; i++)
        client[i] = CHILD(run_client());
    unsigned seed = 12345, kills = 0;
    while (__atomic_load_n(&shared->answered, __ATOMIC_RELAXED) < calls_wanted) {
        usleep(2000 + (unsigned)rand_r(&seed) % 8000);
        if (!with_kills)
            continue;
        const int victim = rand_r(&seed) % (clients + 1);
        if (victim == clients) {
            end(server[kills & 1]);
            server[kills & 1] = CHILD(run_server());
        } else {
            end(client[victim]);
            client[victim] = CHILD(run_client());
        }
        kills++;
    }
    for (int i = 0; i < clients; i++)
        end(client[i]);
    for (int i = 0; i < 2; i++)
        end(server[i]);
    IS(shared->wrong, 0);
    if (!with_kills)
        IS(shared->reset, 0);
    else
        CHECK(kills > 10);
    printf("%lu calls answered, %lu reset, %u kills\n", (unsigned long)shared->answered,
           (unsigned long)shared->reset, kills);
    IS(becomes_readable(port, 0), 0);
    // All copies of the handle that went around are gone with those who held them.
    char byte;
    close(ends[1]);
    IS(read(ends[0], &byte, 1), 0);
}

static void ten_thousand_calls(void) {
    storm(false);
}

static void ten_thousand_calls_and_kills(void) {
    storm(true);
}

static void ring_with_a_liar(void) {
    struct pith_ring_handles handles;
    struct pith_ring ring, liar;
    IS(pith_ring_create(&handles, 8, 3), -EINVAL);
    IS(pith_ring_create(&handles, 1 << 20, 1 << 20), -EINVAL);
    IS(pith_ring_create(&handles, 8, 4), 0);
    IS(ftruncate(handles.memory, 0), -1);  // nobody can pull it away
    IS(pith_ring_attach(&ring, &handles, 8, 8192, 1), -EINVAL);
    IS(pith_ring_attach(&ring, &handles, 8, 4, 1), 0);
    IS(pith_ring_attach(&liar, &handles, 8, 4, 0), 0);
    uint64_t value = 7;
    for (int i = 0; i < 4; i++)
        IS(pith_ring_push(&ring, &value), 0);
    IS(pith_ring_push(&ring, &value), -EAGAIN);
    IS(pith_ring_push_wait(&ring, &value, after_milliseconds(10)), -ETIMEDOUT);
    IS(pith_ring_pop(&liar, &value), 0);
    IS(pith_ring_push(&ring, &value), 0);
    memset(liar.memory, 0x5a, 4096);
    IS(pith_ring_push(&ring, &value), -EBADMSG);
    IS(pith_ring_pop(&liar, &value), -EBADMSG);
    pith_ring_detach(&liar);
    pith_ring_detach(&ring);
    int loose = memfd_create("loose", MFD_ALLOW_SEALING);
    ftruncate(loose, 8192);
    handles.memory = loose;
    IS(pith_ring_attach(&ring, &handles, 8, 4, 1), -EINVAL);  // not sealed
}

const struct test storm_tests[] = {
    {"ring-with-a-liar", ring_with_a_liar},
    {"ten-thousand-calls", ten_thousand_calls},
    {"ten-thousand-calls-and-kills", ten_thousand_calls_and_kills},
    {0},
};
