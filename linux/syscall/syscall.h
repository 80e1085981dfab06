// SPDX-License-Identifier: BSD-2-Clause
// From registers to typed arguments: every body is `Result<u64> sys_name(typed arguments)`, declared by its
// row in abi/linux/syscalls. Bodies include this header only for the types their arguments use.
#pragma once

#include "abi/linux/poll.h"
#include "abi/linux/signal.h"
#include "abi/linux/file.h"
#include "abi/linux/types.h"
#include "arch/api/user_frame.h"
#include "base/result.h"
#include "core/vm/user_memory.h"

namespace linux {

using core::UserIn;
using core::UserInOut;
using core::UserOut;
using core::UserString;

#define SYSCALL(name, number64, number32, arguments) Result<u64> sys_##name arguments;
#include "abi/linux/syscalls.def"
#undef SYSCALL

// A register as an argument: integers are cut to their width as the ABI says, everything else is made
// from the whole register.
template <typename T>
T from_register(u64 value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>)
        return static_cast<T>(value);
    else
        return T(value);
}

template <auto Body>
struct Trampoline;

template <typename... Arguments, Result<u64> (*Body)(Arguments...)>
struct Trampoline<Body> {
    static i64 call(arch::UserFrame& frame) {
        return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) -> i64 {
            const Result<u64> result = Body(from_register<Arguments>(arch::argument(frame, I))...);
            return result ? static_cast<i64>(*result) : -static_cast<i64>(result.error());
        }(std::make_integer_sequence<unsigned, sizeof...(Arguments)>{});
    }
};

} // namespace linux
