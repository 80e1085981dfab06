// SPDX-License-Identifier: BSD-2-Clause
// Where the bytes of a read go, or those of a write come from: user buffers (one, or an I/O vector)
// or kernel memory (splice, sendfile, exec). Consumed from the front. Process context.
#pragma once

#include <span>

#include "abi/linux/types.h"
#include "core/vm/user_memory.h"

namespace linux {

class IoCursor {
public:
    // One user buffer.
    IoCursor(UserVirt address, usize size) : left_(size), address_(address.value), segment_(size) {}
    // Kernel memory.
    explicit IoCursor(std::span<u8> memory)
        : left_(memory.size()), address_(reinterpret_cast<u64>(memory.data())),
          segment_(memory.size()), kernel_(true) {}
    explicit IoCursor(std::span<const u8> memory)
        : IoCursor(std::span<u8>(const_cast<u8*>(memory.data()), memory.size())) {}
    // User buffers; the vector itself lies in kernel memory, was checked, and outlives the cursor.
    explicit IoCursor(std::span<const IoVector> vector);

    usize left() const { return left_; }
    bool empty() const { return left_ == 0; }
    bool is_kernel() const { return kernel_; }
    // Bytes of the current part of a vector.
    usize contiguous() const { return segment_; }

    // Moves bytes and the cursor. Both give how many bytes went; fewer than asked for only after a
    // fault. Errors: fault, when not even the first byte could be moved.
    Result<usize> copy_to(const void* source, usize size); // into the buffers (read)
    Result<usize> copy_from(void* target, usize size);     // out of the buffers (write)
    Result<usize> fill_zero(usize size);
    // Steps over bytes without moving them.
    void advance(usize size);
    // Cuts the rest to at most `size` bytes.
    void limit(usize size);
    // Makes the next bytes present, so that a following copy under a lock rarely faults; how many
    // of up to `size` are, all in one buffer and at most a page. Errors: fault (not even one).
    Result<usize> fault_in(usize size, core::Access access);

private:
    template <typename Move>
    Result<usize> move(usize size, Move move_part);
    void next_segment();

    usize left_;                       // over all segments
    u64 address_;                      // of the current segment
    usize segment_;                    // bytes left in the current segment
    std::span<const IoVector> vector_; // segments after the current one
    bool kernel_ = false;
};

} // namespace linux
