// SPDX-License-Identifier: BSD-2-Clause
//
// Moves bytes between the command's streams and the ports, each stream through one buffer: a stream
// is read only while its buffer is empty, so a slow reader on either side holds the writer back.

#include "agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    buffer_size = 32 * 1024,
    // A dead command's pipe can be held open only by a process that cannot be killed.
    drain_patience_ms = 5000,
};

struct stream {
    int from; // -1 once the source has ended
    int to;   // -1 once the sink refuses
    bool owns_to;
    size_t start;
    size_t end;
    uint64_t total; // bytes read from the source
    char bytes[buffer_size];
};

struct session {
    const struct ports* ports;
    struct child* child;
    struct stream input;
    struct stream output;
    struct stream error;
    bool input_ends; // the host said how many bytes there are
    uint64_t input_size;
    bool ended;
    struct result result;
};

static struct session g_session; // static for its size: three buffers

static bool stream_is_empty(const struct stream* stream) { return stream->start == stream->end; }

// Nothing more will come out: the source has ended and the sink has it all, or refuses.
static bool stream_is_done(const struct stream* stream) {
    return stream->to < 0 || (stream->from < 0 && stream_is_empty(stream));
}

static void stream_fill(struct stream* stream) {
    ssize_t got = read(stream->from, stream->bytes, buffer_size);
    if (got > 0) {
        stream->start = 0;
        stream->end = (size_t)got;
        stream->total += (uint64_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        stream->from = -1; // end of file, or EIO from a terminal nobody has open
    }
}

static void stream_drain(struct stream* stream) {
    ssize_t put = write(stream->to, stream->bytes + stream->start, stream->end - stream->start);
    if (put >= 0) {
        stream->start += (size_t)put;
    } else if (errno != EAGAIN && errno != EINTR) {
        if (stream->owns_to) {
            close(stream->to);
        }
        stream->to = -1; // EPIPE: the command does not read; the host is held back
    }
}

static void stream_watch(const struct stream* stream, struct pollfd* from, struct pollfd* to) {
    bool active = stream->to >= 0;
    bool empty = stream_is_empty(stream);
    *from = (struct pollfd){active && empty ? stream->from : -1, POLLIN, 0};
    *to = (struct pollfd){active && !empty ? stream->to : -1, POLLOUT, 0};
}

static void stream_move(struct stream* stream, const struct pollfd* from, const struct pollfd* to) {
    if (from->revents) {
        stream_fill(stream);
    }
    if (to->revents) {
        stream_drain(stream);
    }
}

// The command sees end of file once it has been given every byte the host sent.
static void end_input_when_complete(struct session* session) {
    struct stream* input = &session->input;
    if (!session->input_ends || input->to < 0 || !stream_is_empty(input) ||
        input->total < session->input_size) {
        return;
    }
    if (session->child->terminal) {
        write_all(input->to, "\004", 1); // Ctrl-D: a terminal has no end of file of its own
    } else {
        close(input->to);
    }
    input->to = -1;
}

static void take_message(struct session* session) {
    struct message message;
    int failed = message_read(session->ports->control, &message);
    if (failed < 0) {
        report("lost the control port: %s", strerror(-failed));
        session->ended = true;
        session->result.outcome = outcome_host_gone;
        return;
    }
    if (message.kind == message_window && session->child->terminal) {
        set_window(session->child->output, atoi(message_word(&message, 0)),
                   atoi(message_word(&message, 1)));
    } else if (message.kind == message_end_of_input) {
        session->input_ends = true;
        session->input_size = strtoull(message_word(&message, 0), NULL, 10);
    } else if (message.kind == message_signal) {
        kill(-session->child->pid, atoi(message_word(&message, 0)));
    }
    message_free(&message);
}

// Reaps every orphan; answers whether the command itself was among them.
static bool reap(struct session* session) {
    bool command_ended = false;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == session->child->pid) {
            command_ended = true;
            session->result.status =
                WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
    return command_ended;
}

static void take_signals(struct session* session) {
    static const struct {
        int number;
        enum outcome outcome;
    } requests[] = {
        {SIGUSR2, outcome_poweroff},
        {SIGTERM, outcome_reboot},
        {SIGUSR1, outcome_halt},
    };
    for (size_t index = 0; index < sizeof requests / sizeof *requests; ++index) {
        if (signal_arrived(requests[index].number)) {
            session->ended = true;
            session->result.outcome = requests[index].outcome;
        }
    }
    if (signal_arrived(SIGCHLD) && reap(session) && !session->ended) {
        session->ended = true;
        session->result.outcome = outcome_exited;
    }
}

// One wait and what it brings. Answers the number of ready files; 0 when the time was up.
static int step(struct session* session, int timeout_ms) {
    struct pollfd events[7];
    stream_watch(&session->input, &events[0], &events[1]);
    stream_watch(&session->output, &events[2], &events[3]);
    stream_watch(&session->error, &events[4], &events[5]);
    events[6] = (struct pollfd){session->ports->control, POLLIN, 0};
    int ready = wait_for_events(events, 7, timeout_ms);
    stream_move(&session->input, &events[0], &events[1]);
    stream_move(&session->output, &events[2], &events[3]);
    stream_move(&session->error, &events[4], &events[5]);
    if (events[6].revents) {
        take_message(session);
    }
    end_input_when_complete(session);
    return ready;
}

static void drain_output(struct session* session) {
    session->input.to = -1;
    while (!stream_is_done(&session->output) || !stream_is_done(&session->error)) {
        bool waits_for_host =
            !stream_is_empty(&session->output) || !stream_is_empty(&session->error);
        if (step(session, waits_for_host ? -1 : drain_patience_ms) == 0 ||
            session->result.outcome == outcome_host_gone) {
            return;
        }
    }
}

struct result relay(const struct ports* ports, struct child* child) {
    struct session* session = &g_session;
    session->ports = ports;
    session->child = child;
    session->input.from = ports->input;
    session->input.to = child->input;
    session->input.owns_to = !child->terminal;
    session->output.from = child->output;
    session->output.to = ports->output;
    session->error.from = child->error;
    session->error.to = ports->error;
    while (!session->ended) {
        step(session, -1);
        take_signals(session);
    }
    end_all_processes();
    drain_output(session);
    session->result.output_bytes = session->output.total;
    session->result.error_bytes = session->error.total;
    return session->result;
}
