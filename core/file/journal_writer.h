// SPDX-License-Identifier: BSD-2-Clause
// Blocks of one transaction on their way into the log: those that lie side by side go as one write.
#pragma once

#include "core/file/journal.h"

namespace core::file {

class Journal::Writer {
public:
    static constexpr u32 most_pieces = 16;

    // Begins at the log's head; at most `room` blocks.
    Writer(Journal& journal, u64 room) : journal_(journal), position_(journal.head_), left_(room) {}

    // The block's bytes stay as they are until write_out(). Errors: io; proto past the room.
    Result<> append(std::span<const u8> block);
    Result<> write_out();
    // Where in the log the next block goes.
    u32 position() const { return position_; }

private:
    Journal& journal_;
    u32 position_;
    u64 left_;
    u64 begin_ = 0; // byte on the device
    std::span<const u8> pieces_[most_pieces];
    u32 used_ = 0;
};

} // namespace core::file
