// SPDX-License-Identifier: BSD-2-Clause
// Ports: a caller sends a message and sleeps; a receiver takes it and replies, once. Both are
// threads: a call that nobody has received lies on its caller's stack, and where the other side
// sleeps on the same CPU the two switch to each other directly.
//
// A call is queued, then accepted (a receiver has it, and a token to reply to it by), then ended.
// Only a queued call may be taken back unseen. Lock: port, for everything; waiters read their own
// `ended` or `filled` without it.
#pragma once

#include <atomic>

#include "core/ipc/message.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"

namespace core {

// One call, on its caller's stack: the request, and once ended the reply.
class PortCall {
public:
    PortCall(u64 callers_badge, MessageRoom room_for_reply)
        : badge(callers_badge), room(room_for_reply) {}
    PortCall(const PortCall&) = delete;
    PortCall& operator=(const PortCall&) = delete;

    Message message;
    const u64 badge;
    const MessageRoom room;
    // True: a signal ends the wait for the reply, too. Otherwise only the thread's end and the
    // deadline do, so that a call once received is not given up by accident.
    bool ends_by_signal = false;
    Nanos deadline = no_deadline;

    // After Port::call: a receiver had the request, whatever became of it then.
    bool was_accepted() const { return token_ != 0; }

private:
    friend class Port;
    u32 token_ = 0;     // not 0: accepted; guarded by the port's lock while the call lasts
    u64 server_ = 0;    // who accepted it
    Errno error_ = {};  // why it ended without a reply
    bool failed_ = false;
    std::atomic<bool> accepted_{false};
    std::atomic<bool> ended_{false}; // last word about it: its thread may be gone afterwards
    ThreadWaiter waiter_{true};
    ListLink link_; // in the queue, then in its token's bucket
};

// One receive, on its thread's stack: filled by whoever calls.
class PortReceive {
public:
    PortReceive(u64 id_of_server, MessageRoom room_for_request)
        : server(id_of_server), room(room_for_request) {}
    PortReceive(const PortReceive&) = delete;
    PortReceive& operator=(const PortReceive&) = delete;

    const u64 server; // for Port::server_ended
    const MessageRoom room;
    Nanos deadline = no_deadline;
    bool may_wait = true;

    Message message;
    u64 badge = 0;
    u32 token = 0; // what to reply by, never 0

private:
    friend class Port;
    std::atomic<bool> filled_{false};
    ThreadWaiter waiter_{true};
    ListLink link_;
};

class Port : public RefCounted<Port> {
public:
    Port() = default;
    ~Port();

    // Sends call.message and waits for the reply, which takes its place. Process context.
    // Errors: pipe (closed; nobody had it), connreset (whoever had it ended without a reply),
    // msgsize (more than the receiver takes), intr, timedout, or what Port::refuse was given.
    Result<> call(PortCall& call);
    // Takes the next call, waiting for one. Process context. Errors: intr, timedout, again (there
    // is none and may_wait is false).
    Result<> receive(PortReceive& receive);
    // Ends the accepted call with a reply, of which it takes the body. Errors: srch (no such call:
    // answered, given up, or its caller died), msgsize (more than the caller takes; it waits on).
    Result<> reply(u32 token, Message& reply);
    // Both at once; an error of the reply's is told before anything is received.
    Result<> reply_and_receive(u32 token, Message& reply, PortReceive& receive);
    // Ends an accepted call with an error; nothing if there is no such call.
    void refuse(u32 token, Errno error);

    // A server ended: the calls it had end with connreset.
    void server_ended(u64 server);
    // Handles that may receive. When the last goes the port is closed: all calls end.
    void add_receiver();
    void drop_receiver();

    bool has_calls() const { return has_calls_.load(std::memory_order_acquire); }
    bool is_closed() const { return closed_.load(std::memory_order_acquire); }
    // Woken when a call arrives that nobody was waiting for, and when the port is closed.
    WaitQueue& readiness() { return readiness_; }

private:
    using PortLock = LockGuard<lock_class::port>;
    using Calls = List<PortCall, &PortCall::link_>;
    static constexpr u32 bucket_count = 32;

    Calls& bucket(u32 token) { return accepted_[token % bucket_count]; }
    // All with the lock held.
    PortCall* find(u32 token);
    u32 new_token();
    void accept(PortCall& call, PortReceive& receive);
    // The next queued call that fits; those that do not end.
    PortCall* take_queued(const MessageRoom& room);
    void fail(PortCall& call, Errno error);
    void fail_accepted(bool of_all, u64 server);
    Result<> finish(u32 token, Message& reply, HeldThread& caller);
    static void hand_over(Message& from, Message& to);

    // In the usual course `receiver`, who has the call now, answers before this thread runs again.
    Result<> wait_for_end(PortCall& call, HeldThread& receiver);
    Result<> wait_on(PortCall& call);
    // Whether the call was still there to be taken back.
    bool withdraw(PortCall& call);
    Result<> wait_for_call(PortReceive& receive, HeldThread& caller);

    Lock<lock_class::port> lock_;
    // Guarded by lock_:
    Calls queue_;
    Calls accepted_[bucket_count];                    // by token
    List<PortReceive, &PortReceive::link_> receives_; // those who sleep; the last one first
    u32 receivers_ = 0;                               // handles
    u32 last_token_ = 0;

    std::atomic<bool> has_calls_{false};
    std::atomic<bool> closed_{false};
    WaitQueue readiness_;
};

} // namespace core
