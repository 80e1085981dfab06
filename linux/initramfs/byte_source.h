// SPDX-License-Identifier: BSD-2-Clause
// Decompressors produce bytes into a growing buffer, from a whole compressed archive in memory.
#pragma once

#include <span>

#include "base/memory_functions.h"
#include "base/result.h"

namespace linux {

// A buffer that grows by doubling, in heap blocks or (above what the heap gives) fails. Sole owner.
class ByteBuffer {
public:
    ByteBuffer() = default;
    ByteBuffer(ByteBuffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    ByteBuffer& operator=(ByteBuffer&&) = delete;
    ~ByteBuffer();

    // Room for `more` bytes behind what is there. Errors: nomem, fbig (over the limit of 1 GiB).
    Result<> reserve(usize more);
    void append(u8 byte) { data_[size_++] = byte; }
    void append(std::span<const u8> bytes) {
        memcpy(data_ + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    // `count` bytes from `distance` back, which may overlap what they make (LZ77).
    void repeat(usize distance, usize count) {
        for (usize i = 0; i < count; ++i, ++size_)
            data_[size_] = data_[size_ - distance];
    }

    usize size() const { return size_; }
    std::span<const u8> bytes() const { return {data_, size_}; }

private:
    u8* data_ = nullptr;
    usize size_ = 0;
    usize capacity_ = 0;
};

} // namespace linux
