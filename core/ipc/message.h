// SPDX-License-Identifier: BSD-2-Clause
// What goes through a port: a few words, and sometimes a body of bytes and handles' objects. A
// message belongs to a living thread from its sending to its delivery, so none outlives its sender
// in a queue.
#pragma once

#include <span>

#include "base/ref.h"
#include "core/object/object.h"

namespace core {

inline constexpr u32 message_words = 4;
inline constexpr u32 message_bytes_maximum = 4096;
inline constexpr u32 message_handles_maximum = 8;

// Bytes copied out of the sender, and references to what its handles name.
class MessageBody : public RefCounted<MessageBody> {
public:
    // With room for `size` bytes, at most message_bytes_maximum. Errors: nomem.
    static Result<Ref<MessageBody>> create(u32 size);
    ~MessageBody();

    std::span<u8> bytes() { return {bytes_, size_}; }
    // At most message_handles_maximum of them.
    void add(Ref<Object> object) { objects_[count_++] = std::move(object); }
    u32 handle_count() const { return count_; }
    Object& object(u32 index) const { return *objects_[index].get(); }

private:
    friend class Ref<MessageBody>;
    MessageBody() = default;

    u8* bytes_ = nullptr;
    u32 size_ = 0;
    u32 count_ = 0;
    RefOrNull<Object> objects_[message_handles_maximum];
};

struct Message {
    u64 words[message_words] = {};
    RefOrNull<MessageBody> body; // null: words alone
};

// What somebody who waits for a message is ready to take besides words.
struct MessageRoom {
    u32 bytes = 0;
    u32 handles = 0;

    bool takes(const Message& message) const {
        return !message.body || (message.body->bytes().size() <= bytes &&
                                 message.body->handle_count() <= handles);
    }
};

} // namespace core
