// SPDX-License-Identifier: BSD-2-Clause
// Memory shared with a device: where something lies in a block of it, and checked loads and stores
// that the device sees and makes at the same time. Nothing that a device wrote is to be trusted.
#pragma once

#include <atomic>
#include <span>

#include "abi/component/env.h"
#include "base/panic.h"

namespace component {

// Where something lies in a block of DMA memory. Arena data.
struct DmaPlace {
    u32 block = 0;
    u32 offset = 0;
    u64 address = 0; // for the device, of the block's start plus offset

    DmaPlace at(u32 further) const { return {block, offset + further, address + further}; }
};

// A block of its own, zeroed. Errors: nomem, nospc, inval.
inline Result<DmaPlace> allocate_place(Env& env, u64 length, u64 alignment) {
    const DmaBlock block = TRY(env.allocate_dma(length, alignment));
    return DmaPlace{block.index, 0, block.address};
}

// The bytes there, until the handler returns or waits. They must lie in the block.
inline std::span<u8> view_of(Env& env, const DmaPlace& place, usize length) {
    const std::span<u8> block = env.dma_view(place.block);
    VERIFY(place.offset <= block.size() && length <= block.size() - place.offset);
    return block.subspan(place.offset, length);
}

// Checked access to a stretch of DMA memory. The casts are right because every address is checked
// for bounds and alignment, and atomics keep each access single although the device writes
// meanwhile.
class SharedMemory {
public:
    explicit SharedMemory(std::span<u8> bytes) : bytes_(bytes) {}

    template <typename T>
    T load(u32 offset) const {
        return std::atomic_ref<T>(at<T>(offset)).load(std::memory_order_relaxed);
    }
    // Acquire: what the device wrote before is seen.
    template <typename T>
    T load_acquire(u32 offset) const {
        return std::atomic_ref<T>(at<T>(offset)).load(std::memory_order_acquire);
    }
    template <typename T>
    void store(u32 offset, T value) const {
        std::atomic_ref<T>(at<T>(offset)).store(value, std::memory_order_relaxed);
    }
    // Release: the device sees what was written before.
    template <typename T>
    void store_release(u32 offset, T value) const {
        std::atomic_ref<T>(at<T>(offset)).store(value, std::memory_order_release);
    }

private:
    template <typename T>
    T& at(u32 offset) const {
        VERIFY(offset % sizeof(T) == 0 && u64{offset} + sizeof(T) <= bytes_.size());
        return *reinterpret_cast<T*>(bytes_.data() + offset);
    }

    std::span<u8> bytes_;
};

// Stores before it are visible to the device before loads after it are made.
inline void full_barrier() { std::atomic_thread_fence(std::memory_order_seq_cst); }

} // namespace component
