// SPDX-License-Identifier: BSD-2-Clause
// The literals of a block (RFC 8878, 3.1.1.3.1).
#pragma once

#include "base/compression/output.h"
#include "base/compression/zstd/huffman_table.h"

namespace base::compression {

inline constexpr usize zstd_block_size = 128 << 10; // what a block holds at most

class Literals {
public:
    // Forgets the code of the blocks before: a new frame.
    void restart() { has_code_ = false; }
    // Reads the section at the front of a block and gives its length. Errors: badmsg.
    Result<usize> read(std::span<const u8> block, Output& output);

    // What the sequences have not taken yet.
    usize left() const { return size_ - at_; }
    // Moves `count` of them, at most left(), to the output.
    void move(usize count, Output& output) {
        output.append_loose(bytes_ + at_, count);
        at_ += count;
    }

private:
    // What a section's header says.
    struct Header {
        usize length, size, packed;
        bool four_streams;
    };
    bool read_header(std::span<const u8> block, Header& header) const;
    Result<> unpack(std::span<const u8> packed, bool new_code, bool four_streams, Output& output);
    bool decode_four(std::span<const u8> streams);

    HuffmanTable code_;
    bool has_code_ = false;
    usize at_ = 0, size_ = 0;
    u8 bytes_[zstd_block_size + Output::loose];
};

} // namespace base::compression
