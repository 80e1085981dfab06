// SPDX-License-Identifier: BSD-2-Clause
// Accesses to device registers, of 1, 2, 4 or 8 bytes. One of the few places that cast addresses:
// the pointers come from KernelMapping::map_device, and volatile keeps each access single and in
// order.
#pragma once

#include "arch/api/ports.h"
#include "base/types.h"

namespace core {

using arch::read_port;
using arch::write_port;

inline u64 read_mapped(const u8* address, u32 width) {
    switch (width) {
    case 1: return *reinterpret_cast<const volatile u8*>(address);
    case 2: return *reinterpret_cast<const volatile u16*>(address);
    case 4: return *reinterpret_cast<const volatile u32*>(address);
    default: return *reinterpret_cast<const volatile u64*>(address);
    }
}

inline void write_mapped(u8* address, u32 width, u64 value) {
    switch (width) {
    case 1: *reinterpret_cast<volatile u8*>(address) = static_cast<u8>(value); break;
    case 2: *reinterpret_cast<volatile u16*>(address) = static_cast<u16>(value); break;
    case 4: *reinterpret_cast<volatile u32*>(address) = static_cast<u32>(value); break;
    default: *reinterpret_cast<volatile u64*>(address) = value;
    }
}

} // namespace core
