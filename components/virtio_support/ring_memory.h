// SPDX-License-Identifier: BSD-2-Clause
// The memory of a split virtqueue (Virtio 1.2, 2.7): where its three parts lie, and loads and
// stores that the device sees and makes at the same time. Nothing read here is trusted; see
// queue.h.
#pragma once

#include <atomic>
#include <span>

#include "base/bits.h"
#include "base/panic.h"
#include "base/types.h"

namespace virtio {

struct Descriptor {
    u64 address;
    u32 length;
    u16 flags;
    u16 next;
};
static_assert(sizeof(Descriptor) == 16);

namespace descriptor_flag {
inline constexpr u16 next = 1, write = 2, indirect = 4;
}

// Offsets from the start of a ring of `size` entries (2.7.2: alignment 16, 2 and 4).
struct RingLayout {
    u32 available = 0;
    u32 used = 0;
    u32 bytes = 0;

    // `used_alignment`: 4, or a page on the legacy transport.
    static constexpr RingLayout of(u32 size, u32 used_alignment) {
        RingLayout layout;
        layout.available = size * sizeof(Descriptor);
        layout.used = base::align_up(layout.available + 6 + 2 * size, used_alignment);
        layout.bytes = layout.used + 6 + 8 * size;
        return layout;
    }
};

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
    void store_descriptor(u32 offset, const Descriptor& descriptor) const {
        store<u64>(offset, descriptor.address);
        store<u32>(offset + 8, descriptor.length);
        store<u16>(offset + 12, descriptor.flags);
        store<u16>(offset + 14, descriptor.next);
    }

private:
    template <typename T>
    T& at(u32 offset) const {
        VERIFY(offset % sizeof(T) == 0 && u64{offset} + sizeof(T) <= bytes_.size());
        return *reinterpret_cast<T*>(bytes_.data() + offset);
    }

    std::span<u8> bytes_;
};

// Stores before it are visible to the device before loads after it are made (2.7.7.1, 2.7.13.4.1).
inline void full_barrier() { std::atomic_thread_fence(std::memory_order_seq_cst); }

} // namespace virtio
