// SPDX-License-Identifier: BSD-2-Clause
#include "core/ipc/port.h"

namespace core {

namespace {

// Poll's bits, as WaitQueue hands them on: POLLIN and POLLHUP.
constexpr WakeEvents call_arrived = 0x001, port_closed = 0x010;

} // namespace

// Nobody waits in it: whoever does holds a reference.
Port::~Port() { VERIFY(queue_.empty() && receives_.empty()); }

PortCall* Port::find(u32 token) {
    for (PortCall& call : bucket(token))
        if (call.token_ == token)
            return &call;
    return nullptr;
}

u32 Port::new_token() {
    do {
        ++last_token_;
    } while (last_token_ == 0 || find(last_token_)); // it wrapped, and an old call is still open
    return last_token_;
}

void Port::hand_over(Message& from, Message& to) {
    for (u32 i = 0; i < message_words; ++i)
        to.words[i] = from.words[i];
    if (from.body) [[unlikely]]
        to.body = std::move(from.body);
}

void Port::accept(PortCall& call, PortReceive& receive) {
    hand_over(call.message, receive.message);
    receive.badge = call.badge;
    receive.token = call.token_ = new_token();
    call.server_ = receive.server;
    bucket(call.token_).push_front(call);
    call.accepted_.store(true, std::memory_order_relaxed);
    // Release: the receiver reads it all without the lock, and may be gone at once.
    receive.filled_.store(true, std::memory_order_release);
}

void Port::fail(PortCall& call, Errno error) {
    call.link_.unlink();
    call.error_ = error;
    call.failed_ = true;
    call.ended_.store(true, std::memory_order_release);
    call.waiter_.wake_up(); // still there: a failed call takes the lock before it leaves
}

PortCall* Port::take_queued(const MessageRoom& room) {
    PortCall* call;
    while ((call = queue_.pop_front()) && !room.takes(call->message)) {
        queue_.push_front(*call);
        fail(*call, Errno::msgsize);
    }
    has_calls_.store(!queue_.empty(), std::memory_order_release);
    return call;
}

Result<> Port::call(PortCall& call) {
    might_sleep();
    HeldThread receiver;
    {
        PortLock guard(lock_);
        if (receivers_ == 0)
            return Failure(Errno::pipe);
        if (!receives_.empty()) {
            PortReceive& receive = receives_.front();
            if (!receive.room.takes(call.message))
                return Failure(Errno::msgsize);
            receive.link_.unlink();
            receiver = HeldThread(receive.waiter_);
            accept(call, receive);
        } else {
            queue_.push_back(call);
            has_calls_.store(true, std::memory_order_release);
        }
    }
    if (!receiver)
        readiness_.wake_all(call_arrived);
    TRY(wait_for_end(call, receiver));
    if (!call.failed_)
        return {};
    const PortLock until_woken(lock_);
    return Failure(call.error_);
}

Result<> Port::wait_for_end(PortCall& call, HeldThread& receiver) {
    if (receiver) [[likely]] {
        const Sleep sleep = call.ends_by_signal ? Sleep::interruptible : Sleep::killable;
        call.waiter_.prepare(sleep);
        // Errors show again below.
        if (call.ended_.load(std::memory_order_acquire)) [[unlikely]]
            receiver.wake(); // by its end
        else
            (void)call.waiter_.suspend_and_run(receiver, sleep, call.deadline);
    }
    if (!call.ended_.load(std::memory_order_acquire)) [[unlikely]]
        return wait_on(call);
    call.waiter_.finish();
    return {};
}

Result<> Port::wait_on(PortCall& call) {
    Result<> outcome;
    while (true) {
        const bool by_signal =
            call.ends_by_signal || !call.accepted_.load(std::memory_order_relaxed);
        const Sleep sleep = by_signal ? Sleep::interruptible : Sleep::killable;
        call.waiter_.prepare(sleep);
        if (call.ended_.load(std::memory_order_acquire))
            break;
        outcome = call.waiter_.suspend(sleep, call.deadline);
        // It was received while it slept: from now on a signal does not end it.
        const bool received = sleep == Sleep::interruptible && !call.ends_by_signal &&
                              call.accepted_.load(std::memory_order_relaxed);
        if (!outcome && !(outcome.error() == Errno::intr && received))
            break;
    }
    call.waiter_.finish();
    if (!outcome && withdraw(call))
        return outcome;
    return {};
}

bool Port::withdraw(PortCall& call) {
    PortLock guard(lock_);
    if (call.ended_.load(std::memory_order_relaxed))
        return false;
    call.link_.unlink();
    has_calls_.store(!queue_.empty(), std::memory_order_release);
    return true;
}

Result<> Port::receive(PortReceive& receive) {
    might_sleep();
    {
        PortLock guard(lock_);
        if (PortCall* call = take_queued(receive.room)) {
            accept(*call, receive);
            return {};
        }
        if (!receive.may_wait)
            return Failure(Errno::again);
        receives_.push_front(receive);
    }
    HeldThread nobody;
    return wait_for_call(receive, nobody);
}

Result<> Port::wait_for_call(PortReceive& receive, HeldThread& caller) {
    if (caller) [[likely]] {
        receive.waiter_.prepare(Sleep::interruptible);
        if (receive.filled_.load(std::memory_order_acquire)) [[unlikely]]
            caller.wake();
        else
            (void)receive.waiter_.suspend_and_run(caller, Sleep::interruptible, receive.deadline);
        if (receive.filled_.load(std::memory_order_acquire)) [[likely]] {
            receive.waiter_.finish();
            return {};
        }
    }
    Result<> outcome;
    while (true) {
        receive.waiter_.prepare(Sleep::interruptible);
        if (receive.filled_.load(std::memory_order_acquire))
            break;
        outcome = receive.waiter_.suspend(Sleep::interruptible, receive.deadline);
        if (!outcome)
            break;
    }
    receive.waiter_.finish();
    if (outcome)
        return {};
    PortLock guard(lock_);
    if (receive.filled_.load(std::memory_order_relaxed))
        return {}; // a call came together with the reason to stop
    receive.link_.unlink();
    return outcome;
}

Result<> Port::finish(u32 token, Message& reply, HeldThread& caller) {
    PortCall* call = find(token);
    if (!call) [[unlikely]]
        return Failure(Errno::srch);
    if (!call->room.takes(reply)) [[unlikely]]
        return Failure(Errno::msgsize);
    call->link_.unlink();
    hand_over(reply, call->message);
    caller = HeldThread(call->waiter_);
    call->ended_.store(true, std::memory_order_release); // as in accept
    return {};
}

Result<> Port::reply(u32 token, Message& reply) {
    HeldThread caller;
    {
        PortLock guard(lock_);
        TRY(finish(token, reply, caller));
    }
    caller.wake();
    return {};
}

Result<> Port::reply_and_receive(u32 token, Message& reply, PortReceive& receive) {
    might_sleep();
    HeldThread caller;
    bool has_next = false;
    {
        PortLock guard(lock_);
        TRY(finish(token, reply, caller));
        if (!queue_.empty()) [[unlikely]] {
            if (PortCall* next = take_queued(receive.room)) {
                accept(*next, receive);
                has_next = true;
            }
        }
        if (!has_next && receive.may_wait)
            receives_.push_front(receive);
    }
    if (!has_next && receive.may_wait) [[likely]]
        return wait_for_call(receive, caller);
    caller.wake();
    return has_next ? Result<>() : Result<>(Failure(Errno::again));
}

void Port::refuse(u32 token, Errno error) {
    PortLock guard(lock_);
    if (PortCall* call = find(token))
        fail(*call, error);
}

void Port::fail_accepted(bool of_all, u64 server) {
    for (Calls& calls : accepted_)
        for (PortCall& call : calls)
            if (of_all || call.server_ == server)
                fail(call, Errno::connreset);
}

void Port::server_ended(u64 server) {
    PortLock guard(lock_);
    fail_accepted(false, server);
}

void Port::add_receiver() {
    PortLock guard(lock_);
    ++receivers_;
}

void Port::drop_receiver() {
    {
        PortLock guard(lock_);
        if (--receivers_ != 0)
            return;
        closed_.store(true, std::memory_order_release);
        while (!queue_.empty())
            fail(queue_.front(), Errno::pipe);
        has_calls_.store(false, std::memory_order_release);
        fail_accepted(true, 0);
    }
    readiness_.wake_all(port_closed);
}

} // namespace core
