// SPDX-License-Identifier: BSD-2-Clause
// The sequences of a block: so many literals, then a copy (RFC 8878, 3.1.1.3.2).
#pragma once

#include "base/compression/zstd/literals.h"

namespace base::compression {

class Sequences {
public:
    // Forgets what the blocks before said: a new frame.
    void restart();
    // Carries out the section, which is all of `section`, with `literals`; what of these is left at
    // the end follows. The output has room for a block. Errors: badmsg.
    Result<> run(std::span<const u8> section, Literals& literals, Output& output);

private:
    // One of the three codes a sequence is made of.
    struct Code {
        std::span<const i8> shares; // predefined
        unsigned shares_accuracy, accuracy, symbols;
        FseTable table;
    };
    enum Which : u8 { literal_lengths, offsets, match_lengths };

    usize read_table(Code& code, unsigned mode, std::span<const u8> input);
    Result<> run_all(u32 count, std::span<const u8> stream, Literals& literals, Output& output);
    usize take_offset(u64 value, bool no_literals);
    void set_shares();

    Code codes_[3];
    usize recent_[3] = {}; // offsets, the last one first
};

} // namespace base::compression
