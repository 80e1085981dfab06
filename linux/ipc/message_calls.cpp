// SPDX-License-Identifier: BSD-2-Clause
// msgget, msgsnd, msgrcv, msgctl.
#include "linux/ipc/ipc_limits.h"
#include "linux/ipc/message_queue.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

namespace command = message_command;

// struct msgbuf: a type, then the text.
constexpr u64 text_offset = sizeof(i64);

MessageChoice choice_of(i64 type, usize capacity, u32 flags) {
    using Kind = MessageChoice::Kind;
    MessageChoice choice;
    choice.type = type;
    choice.capacity = capacity;
    choice.truncates = (flags & message_flag::no_error) != 0;
    if ((flags & message_flag::copy) != 0) {
        choice.kind = Kind::index;
    } else if (type == 0) {
        choice.kind = Kind::any;
    } else if (type < 0) {
        choice.kind = Kind::lowest;
        choice.type = type == INT64_MIN ? INT64_MAX : -type;
    } else {
        choice.kind = (flags & message_flag::except) != 0 ? Kind::other : Kind::equal;
    }
    return choice;
}

Result<u64> show_limits(i32 what, UserVirt buffer) {
    // MSGPOOL, MSGMAP, MSGSSZ, MSGTQL, MSGSEG: what Linux reports for history's sake.
    constexpr i32 pool = 32000 * 16384 / 1024, map = 16384, segment_size = 16, headers = 16384;
    constexpr u16 segments = 0xffff;
    MessageLimits limits = {};
    limits.queues = static_cast<i32>(g_ipc_limits.queues.load(std::memory_order_relaxed));
    limits.message_size =
        static_cast<i32>(g_ipc_limits.message_size.load(std::memory_order_relaxed));
    limits.queue_bytes = static_cast<i32>(g_ipc_limits.queue_bytes.load(std::memory_order_relaxed));
    limits.segment_size = segment_size;
    limits.segments = segments;
    limits.pool = pool;
    limits.map = map;
    limits.headers = headers;
    if (what == command::usage) {
        const MessageTotals totals = message_totals();
        limits.pool = static_cast<i32>(g_message_queues.count());
        limits.map = static_cast<i32>(totals.messages);
        limits.headers = static_cast<i32>(totals.bytes);
    }
    TRY(UserOut<MessageLimits>(buffer.value).write(limits));
    return g_message_queues.highest_index();
}

Result<u64> show_status(MessageQueue& queue, UserVirt buffer) {
    TRY(UserOut<MessageQueueStatus>(buffer.value).write(queue.status()));
    return 0;
}

Result<u64> show_status_at(i32 index, u32 wanted, UserVirt buffer) {
    const Ref<MessageQueue> queue = TRY(g_message_queues.find_at(index, wanted));
    TRY(show_status(*queue, buffer));
    return static_cast<u64>(queue->id());
}

Result<u64> set(i32 id, UserVirt buffer) {
    const MessageQueueStatus wanted = TRY(UserIn<MessageQueueStatus>(buffer.value).read());
    const Ref<MessageQueue> queue = TRY(g_message_queues.find_owned(id));
    if (wanted.maximum_bytes > g_ipc_limits.queue_bytes.load(std::memory_order_relaxed) &&
        !capable(Capability::sys_resource))
        return Failure(Errno::perm);
    TRY(queue->change(wanted));
    return 0;
}

} // namespace

Result<u64> sys_msgget(i32 key, u32 flags) {
    return find_or_create(g_message_queues, key, flags, 0,
                          [&] { return MessageQueue::create(key, flags); });
}

Result<u64> sys_msgsnd(i32 id, UserVirt buffer, u64 size, u32 flags) {
    const i64 type = TRY(UserIn<i64>(buffer.value).read());
    if (size > g_ipc_limits.message_size.load(std::memory_order_relaxed) || id < 0 || type < 1)
        return Failure(Errno::inval);
    MessageHolder message(TRY(Message::create(type, size)));
    TRY(core::copy_from_user(message->text(), buffer + text_offset, size));
    const Ref<MessageQueue> queue = TRY(g_message_queues.find(id, ipc_access::none));
    TRY(queue->send(std::move(message), (flags & ipc_flag::no_wait) == 0));
    return 0;
}

Result<u64> sys_msgrcv(i32 id, UserVirt buffer, u64 size, i64 type, u32 flags) {
    if (id < 0 || static_cast<i64>(size) < 0)
        return Failure(Errno::inval);
    const bool copies = (flags & message_flag::copy) != 0;
    const bool wait = (flags & ipc_flag::no_wait) == 0;
    if (copies && (wait || (flags & message_flag::except) != 0))
        return Failure(Errno::inval);
    const MessageChoice choice = choice_of(type, size, flags);
    const Ref<MessageQueue> queue = TRY(g_message_queues.find(id, ipc_access::none));
    const MessageHolder message = TRY(copies ? queue->copy(choice) : queue->receive(choice, wait));
    TRY(UserOut<i64>(buffer.value).write(message->type));
    const usize length = message->size < size ? message->size : size;
    TRY(core::copy_to_user(buffer + text_offset, message->text(), length));
    return length;
}

Result<u64> sys_msgctl(i32 id, i32 what, UserVirt buffer) {
    if (id < 0)
        return Failure(Errno::inval);
    switch (what) {
    case ipc_command::information:
    case command::usage: return show_limits(what, buffer);
    case ipc_command::status:
        return show_status(*TRY(g_message_queues.find(id, ipc_access::read)), buffer);
    case command::status_by_index: return show_status_at(id, ipc_access::read, buffer);
    case command::status_of_any: return show_status_at(id, ipc_access::none, buffer);
    case ipc_command::set: return set(id, buffer);
    case ipc_command::remove:
        TRY(TRY(g_message_queues.find_owned(id))->remove());
        return 0;
    default: return Failure(Errno::inval);
    }
}

} // namespace linux
