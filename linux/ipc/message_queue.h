// SPDX-License-Identifier: BSD-2-Clause
// A System V message queue. A message goes to the first task that waits for one like it, else into
// the queue; senders wait for room and look again when there is more.
#pragma once

#include "base/allocate.h"
#include "linux/ipc/ipc_table.h"

namespace linux {

class Message {
public:
    // Errors: nomem.
    static Result<Message*> create(i64 type, usize size);
    static void free(Message* message) { ::operator delete(static_cast<void*>(message)); }

    i64 type;
    usize size;
    ListLink link;
    u8* text() { return reinterpret_cast<u8*>(this + 1); }

private:
    Message(i64 of_type, usize of_size) : type(of_type), size(of_size) {}
};

// Owns a message.
class MessageHolder {
public:
    explicit MessageHolder(Message* message = nullptr) : message_(message) {}
    MessageHolder(MessageHolder&& other) noexcept : message_(other.release()) {}
    MessageHolder& operator=(MessageHolder&& other) noexcept {
        std::swap(message_, other.message_);
        return *this;
    }
    ~MessageHolder() { Message::free(message_); }
    Message* operator->() const { return message_; }
    Message& operator*() const { return *message_; }
    Message* release() { return std::exchange(message_, nullptr); }

private:
    Message* message_;
};

// Which message a receiver wants.
struct MessageChoice {
    enum class Kind : u8 { any, equal, other, lowest, index };
    Kind kind = Kind::any;
    i64 type = 0;            // lowest: the highest that will do; index: the place in the queue
    usize capacity = 0;
    bool truncates = false;  // MSG_NOERROR

    bool accepts(const Message& message) const;
};

class MessageQueue final : public RefCounted<MessageQueue>, public IpcObject {
public:
    // Makes one, enters it into the table and gives its id. Errors: exist (the key), nospc, nomem.
    static Result<i32> create(i32 key, u32 flags);
    ~MessageQueue();

    // Errors of both: acces, idrm, restartnohand. Sleep, unless `wait` is false.
    Result<> send(MessageHolder message, bool wait);     // errors: again
    Result<MessageHolder> receive(const MessageChoice& choice, bool wait); // errors: nomsg, e2big
    // MSG_COPY: a copy of the one at an index. Errors: nomsg, e2big, inval, nomem, acces, idrm.
    Result<MessageHolder> copy(const MessageChoice& choice);

    MessageQueueStatus status();
    // IPC_SET: takes over permissions and the maximum. Errors: inval.
    Result<> change(const MessageQueueStatus& wanted);
    // IPC_RMID. Errors: inval (somebody else did).
    Result<> remove();

private:
    friend class Ref<MessageQueue>;

    // A task that waits for a message, on its stack; guarded by the lock.
    struct Receiver {
        const MessageChoice& choice;
        Pid pid;
        std::atomic<bool> done{false}; // also read by its task without the lock
        Result<> outcome = {};
        MessageHolder message{};
        core::WaitQueue queue = {};
        ListLink link = {};
    };

    MessageQueue(i32 key, u32 flags);
    bool try_take() const override { return try_add_reference(); }
    bool fits(u64) const override { return true; }

    Result<> check(u32 wanted) PITH_REQUIRES(lock_);
    bool has_room(usize size) const PITH_REQUIRES(lock_);
    bool deliver(Message& message) PITH_REQUIRES(lock_);
    Message* find(const MessageChoice& choice) PITH_REQUIRES(lock_);
    void take_out(Message& message) PITH_REQUIRES(lock_);
    Result<> wait_for(Receiver& receiver) PITH_REQUIRES(lock_);
    void tell_senders() PITH_REQUIRES(lock_);
    void send_receivers_back(Errno error) PITH_REQUIRES(lock_);
    static void complete(Receiver& receiver, Result<> outcome);

    core::Lock<core::lock_class::ipc_object> lock_;
    // Guarded by lock_.
    List<Message, &Message::link> messages_;
    List<Receiver, &Receiver::link> receivers_; // in order of arrival
    bool removed_ = false;
    u64 bytes_ = 0, count_ = 0, maximum_bytes_;
    i64 send_time_ = 0, receive_time_ = 0, change_time_;
    Pid last_sender_ = 0, last_receiver_ = 0;
    // Counts what may have made room; senders sleep until it changes.
    std::atomic<u32> room_changes_{0};
    core::WaitQueue senders_;
};

extern IpcTable<MessageQueue> g_message_queues;

// Of all queues.
struct MessageTotals {
    u64 messages, bytes;
};
MessageTotals message_totals();

} // namespace linux
