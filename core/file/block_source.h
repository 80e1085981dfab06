// SPDX-License-Identifier: BSD-2-Clause
// What a volume lies on: the block gate of a disk, or a file in a host test. Process context; every
// call may wait.
#pragma once

#include <span>

#include "base/result.h"
#include "base/types.h"

namespace core::file {

class BlockSource {
public:
    // Offset and length are multiples of 512 and lie on the device. Errors: io.
    virtual Result<> read(u64 offset, std::span<u8> to) = 0;
    // Done when the device has taken it. Errors: io, rofs.
    virtual Result<> write(u64 offset, std::span<const u8> from) = 0;
    // Consecutive pieces; by default one after the other.
    virtual Result<> write_pieces(u64 offset, std::span<const std::span<const u8>> pieces) {
        for (const std::span<const u8> piece : pieces) {
            TRY(write(offset, piece));
            offset += piece.size();
        }
        return {};
    }
    // What was written before is on stable storage afterwards.
    virtual Result<> flush() = 0;
    // On stable storage when it is done; says nothing of what was written before.
    virtual Result<> write_through(u64 offset, std::span<const u8> from) {
        TRY(write(offset, from));
        return flush();
    }
    // Bytes that are written whole or not at all, when the power fails.
    virtual u32 sector_size() const { return 512; }
    virtual u64 size() const = 0;

protected:
    ~BlockSource() = default;
};

} // namespace core::file
