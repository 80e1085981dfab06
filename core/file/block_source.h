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
    // What was written before is on stable storage afterwards.
    virtual Result<> flush() = 0;
    virtual u64 size() const = 0;

protected:
    ~BlockSource() = default;
};

} // namespace core::file
