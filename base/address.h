// SPDX-License-Identifier: BSD-2-Clause
// Addresses as types, so that a physical address cannot be dereferenced nor a user address trusted.
#pragma once

#include <compare>

#include "base/types.h"

namespace base {

// CRTP-free strong integer: arithmetic with byte offsets, comparison, explicit way in and out.
template <typename Tag>
struct Address {
    u64 value = 0;

    constexpr Address() = default;
    constexpr explicit Address(u64 v) : value(v) {}

    constexpr auto operator<=>(const Address&) const = default;
    constexpr Address operator+(u64 bytes) const { return Address(value + bytes); }
    constexpr Address operator-(u64 bytes) const { return Address(value - bytes); }
    constexpr u64 operator-(Address other) const { return value - other.value; }
    constexpr Address& operator+=(u64 bytes) {
        value += bytes;
        return *this;
    }
    constexpr bool is_null() const { return value == 0; }
    constexpr u64 page_offset() const { return value & 0xfff; }
    constexpr Address page_down() const { return Address(value & ~u64{0xfff}); }
    constexpr Address page_up() const { return Address((value + 0xfff) & ~u64{0xfff}); }
};

// An address on the memory bus, as the page tables hold it.
using PhysAddr = Address<struct PhysTag>;
// An address as a device sees it; equals the physical one only without an IOMMU.
using DmaAddr = Address<struct DmaTag>;
// An address in the user half, as a program gave it: reached through user_copy only.
using UserVirt = Address<struct UserTag>;
// An address in the kernel half.
struct KernelVirt : Address<struct KernelTag> {
    using Address::Address;
    constexpr KernelVirt(Address<struct KernelTag> other) : Address(other) {}
    explicit KernelVirt(const void* pointer) : Address(reinterpret_cast<u64>(pointer)) {}

    template <typename T>
    T* as() const {
        return reinterpret_cast<T*>(value);
    }
};

} // namespace base

using base::DmaAddr;
using base::KernelVirt;
using base::PhysAddr;
using base::UserVirt;
