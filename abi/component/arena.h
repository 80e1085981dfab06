// SPDX-License-Identifier: BSD-2-Clause
// The arena: all state of an instance, as plain data that can be mapped anywhere. No pointers:
// things refer to each other by Slot<T>, an index into a Table<T, N> with checked access.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <new>
#include <type_traits>

#include "base/panic.h"
#include "base/types.h"

namespace component {

// bit_cast is not a constant expression for a type that holds a pointer, a reference or a member
// pointer, so naming its result in a template argument tells such types apart. (g++ 12 refuses
// sound types with padding as well; clang is the judge.)
#ifdef __clang__
template <typename T>
concept HoldsNoPointer = requires {
    typename std::bool_constant<(
        static_cast<void>(std::bit_cast<std::array<std::byte, sizeof(T)>>(T{})), true)>;
};
#else
template <typename T>
concept HoldsNoPointer = true;
#endif

// What may stand in an arena. Bit-fields are not accepted (use a Register field or a mask).
template <typename T>
concept ArenaData = std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> &&
                    std::is_trivially_destructible_v<T> && HoldsNoPointer<T>;

// Index of a T in the one table of T that a state has; the zero value names none.
template <typename T>
class Slot {
public:
    constexpr Slot() = default;
    static constexpr Slot at(u32 index) { return Slot(index + 1); }

    constexpr explicit operator bool() const { return number_ != 0; }
    // The index; the slot must name something.
    constexpr u32 index() const {
        VERIFY(number_ != 0);
        return number_ - 1;
    }
    constexpr bool operator==(const Slot&) const = default;

private:
    constexpr explicit Slot(u32 number) : number_(number) {}
    u32 number_ = 0;
};

// A fixed table with a free list; zero-filled memory is an empty table. Elements come zeroed.
template <typename T, u32 Capacity>
class Table {
public:
    static constexpr u32 capacity = Capacity;

    // A zeroed element, or the slot that names none when the table is full.
    Slot<T> allocate() {
        u32 index;
        if (free_head_ != 0) {
            index = free_head_ - 1;
            VERIFY(index < Capacity && links_[index] != taken);
            free_head_ = links_[index];
        } else if (fresh_ < Capacity) {
            index = fresh_++;
        } else {
            return {};
        }
        links_[index] = taken;
        ++used_;
        items_[index] = T{};
        return Slot<T>::at(index);
    }

    void free(Slot<T> slot) {
        const u32 index = slot.index();
        VERIFY(index < Capacity && links_[index] == taken);
        links_[index] = free_head_;
        free_head_ = index + 1;
        --used_;
    }

    // nullptr unless the slot names an allocated element: for indices that come from a device.
    T* find(Slot<T> slot) {
        if (!slot || slot.index() >= Capacity || links_[slot.index()] != taken)
            return nullptr;
        return &items_[slot.index()];
    }

    // The element; a slot that names none ends the instance.
    T& operator[](Slot<T> slot) {
        T* item = find(slot);
        VERIFY(item);
        return *item;
    }

    u32 used() const { return used_; }
    bool full() const { return used_ == Capacity; }

private:
    static constexpr u32 taken = ~u32{0};

    std::array<T, Capacity> items_;
    std::array<u32, Capacity> links_; // taken, or number of the next free element
    u32 free_head_;                   // index + 1
    u32 fresh_;                       // elements from here on were never used
    u32 used_;
};

} // namespace component
