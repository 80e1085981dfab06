// SPDX-License-Identifier: BSD-2-Clause
// The memory of a split virtqueue (Virtio 1.2, 2.7): where its three parts lie. Nothing read here
// is trusted; see queue.h.
#pragma once

#include "abi/component/dma.h"
#include "base/bits.h"

namespace virtio {

using component::SharedMemory;

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

inline void store_descriptor(const SharedMemory& memory, u32 offset, const Descriptor& descriptor) {
    memory.store<u64>(offset, descriptor.address);
    memory.store<u32>(offset + 8, descriptor.length);
    memory.store<u16>(offset + 12, descriptor.flags);
    memory.store<u16>(offset + 14, descriptor.next);
}

} // namespace virtio
