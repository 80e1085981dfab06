// SPDX-License-Identifier: BSD-2-Clause
// A ring of bytes. Its owner's lock guards it.
#pragma once

#include <algorithm>
#include <span>

#include "base/types.h"

namespace linux {

template <u32 Capacity>
class ByteRing {
    static_assert((Capacity & (Capacity - 1)) == 0);

public:
    static constexpr u32 capacity = Capacity;

    u32 used() const { return head_ - tail_; }
    u32 room() const { return Capacity - used(); }
    bool empty() const { return head_ == tail_; }

    // Appends as much as fits; gives how much.
    u32 push(std::span<const u8> source) {
        const u32 count = static_cast<u32>(std::min<usize>(source.size(), room()));
        for (u32 index = 0; index < count; ++index)
            bytes_[(head_ + index) % Capacity] = source[index];
        head_ += count;
        return count;
    }
    // The oldest bytes that lie side by side, at most `limit`; drop() takes them out.
    std::span<const u8> front(u32 limit = Capacity) const {
        const u32 start = tail_ % Capacity;
        return {bytes_ + start, std::min({limit, used(), Capacity - start})};
    }
    void drop(u32 count) { tail_ += count; }
    void clear() { tail_ = head_; }
    // Takes out up to the size of the target; gives how many.
    u32 pop(std::span<u8> target, u32 limit = Capacity) {
        u32 done = 0;
        limit = static_cast<u32>(std::min<usize>(limit, target.size()));
        while (done < limit) {
            const auto part = front(limit - done);
            if (part.empty())
                break;
            std::copy(part.begin(), part.end(), target.begin() + done);
            drop(static_cast<u32>(part.size()));
            done += static_cast<u32>(part.size());
        }
        return done;
    }

private:
    u32 head_ = 0; // counts bytes ever appended
    u32 tail_ = 0; // counts bytes ever taken
    u8 bytes_[Capacity];
};

} // namespace linux
