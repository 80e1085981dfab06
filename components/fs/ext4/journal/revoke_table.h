// SPDX-License-Identifier: BSD-2-Clause
// Which blocks a log revokes, and in which transaction last: a table of fixed size. A log that
// revokes more is recovered in several rounds, each of which sees its share of all blocks.
#pragma once

#include <span>

#include "base/types.h"

namespace ext4::journal {

class RevokeTable {
public:
    // `memory` is aligned to 8; a power of two of entries of 16 bytes.
    explicit RevokeTable(std::span<u8> memory)
        : entries_(reinterpret_cast<Entry*>(memory.data()), memory.size() / sizeof(Entry)) {
        clear();
    }

    void clear() {
        for (Entry& entry : entries_)
            entry = {};
        used_ = 0;
    }
    // False when the table is too full.
    bool add(u64 block, u32 sequence) {
        Entry& entry = place_of(block);
        if (!entry.is_used) {
            if (used_ >= entries_.size() / 8 * 7)
                return false;
            ++used_;
            entry = {block, sequence, 1};
        } else if (is_after(sequence, entry.sequence)) {
            entry.sequence = sequence;
        }
        return true;
    }
    // Whether a copy of the block in transaction `sequence` is of no value.
    bool is_revoked(u64 block, u32 sequence) const {
        const Entry& entry = place_of(block);
        return entry.is_used && !is_after(sequence, entry.sequence);
    }
    // Which of `rounds` (a power of two) looks at the block.
    static u32 round_of(u64 block, u32 rounds) {
        return static_cast<u32>(scrambled(block) >> 40) & (rounds - 1);
    }

private:
    struct Entry {
        u64 block = 0;
        u32 sequence = 0;
        u32 is_used = 0;
    };

    // Numbers of transactions wrap.
    static bool is_after(u32 a, u32 b) { return static_cast<i32>(a - b) > 0; }
    static u64 scrambled(u64 block) { return block * 0x9e37'79b9'7f4a'7c15; }
    Entry& place_of(u64 block) const {
        usize at = scrambled(block) >> 20 & (entries_.size() - 1);
        while (entries_[at].is_used && entries_[at].block != block)
            at = (at + 1) & (entries_.size() - 1);
        return entries_[at];
    }

    std::span<Entry> entries_;
    usize used_ = 0;
};

} // namespace ext4::journal
