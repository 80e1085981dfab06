// SPDX-License-Identifier: BSD-2-Clause
// Typed device registers: Register<offset, Value> read and written through Env, and fields of
// them. A header per device declares its registers as its data sheet does.
#pragma once

#include <concepts>
#include <type_traits>

#include "abi/component/env.h"

namespace component {

// A view of one window of the device. `base` lets structures begin inside a window.
struct Window {
    u32 index = 0;
    u64 base = 0;
};

template <u64 Offset, typename Value>
    requires(std::is_trivially_copyable_v<Value> && sizeof(Value) <= 8)
struct Register {
    static constexpr u64 offset = Offset;
    using Raw =
        std::conditional_t<sizeof(Value) == 1, u8,
                           std::conditional_t<sizeof(Value) == 2, u16,
                                              std::conditional_t<sizeof(Value) == 4, u32, u64>>>;

    static Value read(Env& env, Window window) {
        const Raw raw =
            static_cast<Raw>(env.read_register(window.index, window.base + Offset, sizeof(Raw)));
        return std::bit_cast<Value>(raw);
    }
    static void write(Env& env, Window window, Value value) {
        env.write_register(window.index, window.base + Offset, sizeof(Raw),
                           std::bit_cast<Raw>(value));
    }
};

// Bits [Low, Low + Width) of a register's value.
template <unsigned Low, unsigned Width = 1>
struct Field {
    static constexpr u64 ones = Width == 64 ? ~u64{0} : (u64{1} << Width) - 1;
    static constexpr u64 mask = ones << Low;

    static constexpr u64 get(u64 value) { return (value >> Low) & ones; }
    static constexpr u64 put(u64 value) { return (value & ones) << Low; }
    static constexpr bool is_set(u64 value) { return (value & mask) != 0; }
};

} // namespace component
