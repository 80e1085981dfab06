// SPDX-License-Identifier: BSD-2-Clause
// What the fuzz targets of all formats share: a few MiB of memory and of output, every block of
// memory exactly as large as asked for.
#pragma once

#include <cstdlib>

#include "base/compression/output.h"

namespace base::compression {

class FuzzHome final : public Memory, public Consumer {
public:
    Result<std::span<u8>> allocate(usize size) override {
        if (size > limit - held_)
            return Failure(Errno::nomem);
        held_ += size;
        return std::span(new u8[size], size);
    }
    void release(std::span<u8> block) override {
        held_ -= block.size();
        delete[] block.data();
    }
    Result<> take(std::span<const u8> bytes) override {
        if (bytes.size() > limit - taken_)
            return Failure(Errno::nospc);
        taken_ += bytes.size();
        for (u8 byte : bytes)
            sum_ = sum_ + byte; // reads them all
        return {};
    }
    usize taken() const { return taken_; }

private:
    static constexpr usize limit = 2 << 20;
    usize held_ = 0, taken_ = 0;
    volatile u32 sum_ = 0;
};

// Unpacks the input with `unpack`; nothing but a refusal may come of damage.
template <typename Unpack>
int fuzz(Unpack unpack, std::span<const u8> input) {
    FuzzHome home;
    Output output(home, home);
    const auto done = unpack(input, output);
    if (!done && done.error() == Errno::badmsg && output.complaint().empty())
        std::abort(); // no reason given
    return 0;
}

} // namespace base::compression
