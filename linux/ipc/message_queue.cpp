// SPDX-License-Identifier: BSD-2-Clause
#include "linux/ipc/message_queue.h"

#include "linux/ipc/ipc_limits.h"
#include "linux/process/process.h"
#include "linux/vfs/attributes.h"

namespace linux {

constinit IpcTable<MessageQueue> g_message_queues;

namespace {

constinit std::atomic<u64> g_messages{0}, g_bytes{0};

using QueueGuard = core::LockGuard<core::lock_class::ipc_object>;

} // namespace

MessageTotals message_totals() {
    return {g_messages.load(std::memory_order_relaxed), g_bytes.load(std::memory_order_relaxed)};
}

Result<Message*> Message::create(i64 type, usize size) {
    void* memory = ::operator new(sizeof(Message) + size, base::fallible);
    if (!memory)
        return Failure(Errno::nomem);
    return new (memory) Message(type, size);
}

bool MessageChoice::accepts(const Message& message) const {
    switch (kind) {
    case Kind::equal: return message.type == type;
    case Kind::other: return message.type != type;
    case Kind::lowest: return message.type <= type;
    case Kind::any:
    case Kind::index: return true;
    }
    return false;
}

// ---- life ---------------------------------------------------------------------------------------

MessageQueue::MessageQueue(i32 key, u32 flags)
    : IpcObject(key, flags),
      maximum_bytes_(g_ipc_limits.queue_bytes.load(std::memory_order_relaxed)),
      change_time_(file_time_now().seconds) {}

MessageQueue::~MessageQueue() {
    while (Message* message = messages_.pop_front()) {
        g_messages.fetch_sub(1, std::memory_order_relaxed);
        g_bytes.fetch_sub(message->size, std::memory_order_relaxed);
        Message::free(message);
    }
}

Result<i32> MessageQueue::create(i32 key, u32 flags) {
    const Ref<MessageQueue> queue = TRY(Ref<MessageQueue>::create(key, flags));
    Ref<MessageQueue> of_table = queue; // for remove(), which may run as soon as it is entered
    TRY(g_message_queues.add(*queue, g_ipc_limits.queues.load(std::memory_order_relaxed)));
    (void)of_table.release();
    return queue->id();
}

Result<> MessageQueue::remove() {
    g_message_queues.remove(*this);
    {
        QueueGuard guard(lock_);
        if (removed_)
            return Failure(Errno::inval);
        removed_ = true;
        send_receivers_back(Errno::idrm);
        tell_senders();
    }
    drop_reference(); // the table's; the caller has one of its own
    return {};
}

Result<> MessageQueue::check(u32 wanted) {
    TRY(g_message_queues.check(*this, wanted));
    return removed_ ? Result<>(Failure(Errno::idrm)) : Result<>();
}

// ---- sending ------------------------------------------------------------------------------------

bool MessageQueue::has_room(usize size) const {
    return size + bytes_ <= maximum_bytes_ && 1 + count_ <= maximum_bytes_;
}

void MessageQueue::tell_senders() {
    room_changes_.fetch_add(1, std::memory_order_release);
    senders_.wake_all();
}

void MessageQueue::complete(Receiver& receiver, Result<> outcome) {
    receiver.link.unlink();
    receiver.outcome = outcome;
    receiver.done.store(true, std::memory_order_release);
    receiver.queue.wake_all(); // it stays: its task takes the lock before it goes
}

void MessageQueue::send_receivers_back(Errno error) {
    for (Receiver& receiver : receivers_)
        complete(receiver, Failure(error));
}

// Gives a message to the first who wants it; those for whom it is too long hear so.
bool MessageQueue::deliver(Message& message) {
    for (Receiver& receiver : receivers_) {
        if (!receiver.choice.accepts(message))
            continue;
        if (message.size > receiver.choice.capacity && !receiver.choice.truncates) {
            complete(receiver, Failure(Errno::e2big));
            continue;
        }
        receiver.message = MessageHolder(&message);
        last_receiver_ = receiver.pid;
        receive_time_ = file_time_now().seconds;
        complete(receiver, {});
        return true;
    }
    return false;
}

Result<> MessageQueue::send(MessageHolder message, bool wait) {
    QueueGuard guard(lock_);
    TRY(check(ipc_access::write));
    while (!has_room(message->size)) {
        if (!wait)
            return Failure(Errno::again);
        const u32 seen = room_changes_.load(std::memory_order_relaxed);
        lock_.release();
        const Result<> woken = senders_.wait(
            [&] { return room_changes_.load(std::memory_order_acquire) != seen; },
            core::Sleep::interruptible);
        lock_.acquire();
        if (removed_)
            return Failure(Errno::idrm);
        if (!woken)
            return Failure(Errno::restartnohand);
        TRY(check(ipc_access::write));
    }
    last_sender_ = Process::current().pid;
    send_time_ = file_time_now().seconds;
    if (deliver(*message)) {
        (void)message.release();
        return {};
    }
    bytes_ += message->size;
    ++count_;
    g_bytes.fetch_add(message->size, std::memory_order_relaxed);
    g_messages.fetch_add(1, std::memory_order_relaxed);
    messages_.push_back(*message.release());
    return {};
}

// ---- receiving ----------------------------------------------------------------------------------

Message* MessageQueue::find(const MessageChoice& choice) {
    using Kind = MessageChoice::Kind;
    Message* lowest = nullptr;
    i64 index = 0;
    for (Message& message : messages_) {
        if (choice.kind == Kind::index) {
            if (index++ == choice.type)
                return &message;
        } else if (choice.kind == Kind::lowest) {
            if (choice.accepts(message) && (!lowest || message.type < lowest->type))
                lowest = &message;
        } else if (choice.accepts(message)) {
            return &message;
        }
    }
    return lowest;
}

void MessageQueue::take_out(Message& message) {
    messages_.remove(message);
    bytes_ -= message.size;
    --count_;
    g_bytes.fetch_sub(message.size, std::memory_order_relaxed);
    g_messages.fetch_sub(1, std::memory_order_relaxed);
    last_receiver_ = Process::current().pid;
    receive_time_ = file_time_now().seconds;
    tell_senders();
}

// Sleeps until somebody completes it. Errors: those it was completed with, restartnohand.
Result<> MessageQueue::wait_for(Receiver& receiver) {
    receivers_.push_back(receiver);
    lock_.release();
    (void)receiver.queue.wait([&] { return receiver.done.load(std::memory_order_acquire); },
                              core::Sleep::interruptible);
    lock_.acquire();
    if (receiver.done.load(std::memory_order_relaxed))
        return receiver.outcome;
    receiver.link.unlink();
    return Failure(Errno::restartnohand);
}

Result<MessageHolder> MessageQueue::receive(const MessageChoice& choice, bool wait) {
    QueueGuard guard(lock_);
    while (true) {
        TRY(check(ipc_access::read));
        if (Message* message = find(choice)) {
            if (message->size > choice.capacity && !choice.truncates)
                return Failure(Errno::e2big);
            take_out(*message);
            return MessageHolder(message);
        }
        if (!wait)
            return Failure(Errno::nomsg);
        Receiver receiver{choice, Process::current().pid};
        const Result<> woken = wait_for(receiver);
        if (woken)
            return std::move(receiver.message);
        if (woken.error() != Errno::again) // again: permissions changed, look anew
            return Failure(woken.error());
    }
}

Result<MessageHolder> MessageQueue::copy(const MessageChoice& choice) {
    const u64 most = g_ipc_limits.message_size.load(std::memory_order_relaxed);
    const usize room = choice.capacity < most ? choice.capacity : most;
    MessageHolder copy(TRY(Message::create(0, room)));
    QueueGuard guard(lock_);
    TRY(check(ipc_access::read));
    Message* message = find(choice);
    if (!message)
        return Failure(Errno::nomsg);
    if (message->size > choice.capacity && !choice.truncates)
        return Failure(Errno::e2big);
    if (message->size > room) // a copy is never cut
        return Failure(Errno::inval);
    copy->type = message->type;
    copy->size = message->size;
    __builtin_memcpy(copy->text(), message->text(), message->size);
    return copy;
}

// ---- control ------------------------------------------------------------------------------------

MessageQueueStatus MessageQueue::status() {
    MessageQueueStatus status = {};
    status.permission = g_message_queues.permission(*this);
    QueueGuard guard(lock_);
    status.send_time = send_time_;
    status.receive_time = receive_time_;
    status.change_time = change_time_;
    status.bytes = bytes_;
    status.messages = count_;
    status.maximum_bytes = maximum_bytes_;
    status.last_sender = last_sender_;
    status.last_receiver = last_receiver_;
    return status;
}

Result<> MessageQueue::change(const MessageQueueStatus& wanted) {
    QueueGuard guard(lock_);
    TRY(g_message_queues.set_permission(*this, wanted.permission));
    maximum_bytes_ = wanted.maximum_bytes;
    change_time_ = file_time_now().seconds;
    send_receivers_back(Errno::again); // some may no longer read here
    tell_senders();
    return {};
}

} // namespace linux
