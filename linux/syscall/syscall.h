// SPDX-License-Identifier: BSD-2-Clause
// From registers to typed arguments: every body is `Result<u64> sys_name(typed arguments)`,
// declared by its row in abi/linux/syscalls. Bodies include this header only for the types their
// arguments use.
#pragma once

#include "abi/linux/file.h"
#include "abi/linux/ipc.h"
#include "abi/linux/poll.h"
#include "abi/linux/process.h"
#include "abi/linux/scheduling.h"
#include "abi/linux/signal.h"
#include "abi/linux/socket.h"
#include "abi/linux/system.h"
#include "abi/linux/time.h"
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

// A register as an argument: integers are cut to their width as the ABI says, everything else is
// made from the whole register.
template <typename T>
T from_register(u64 value) {
    if constexpr (std::is_integral_v<T> || std::is_enum_v<T>)
        return static_cast<T>(value);
    else
        return T(value);
}

// A call failed: what goes into the result register. Remembers that it may be restarted.
i64 call_failed(arch::UserFrame& frame, Errno error);

template <auto Body>
struct Trampoline;

template <typename... Arguments, Result<u64> (*Body)(Arguments...)>
struct Trampoline<Body> {
    static i64 finish(arch::UserFrame& frame, const Result<u64>& result) {
        return result ? static_cast<i64>(*result) : call_failed(frame, result.error());
    }
    static i64 call(arch::UserFrame& frame) {
        return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) -> i64 {
            return finish(frame, Body(from_register<Arguments>(arch::argument(frame, I))...));
        }(std::make_integer_sequence<unsigned, sizeof...(Arguments)>{});
    }
    // By the 32-bit convention; signed words are widened with their sign.
    static i64 call_compat(arch::UserFrame& frame) {
        return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) -> i64 {
            return finish(frame, Body(from_compat<Arguments>(arch::argument32(frame, I))...));
        }(std::make_integer_sequence<unsigned, sizeof...(Arguments)>{});
    }

private:
    template <typename T>
    static T from_compat(u64 value) {
        if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
            return static_cast<T>(static_cast<i32>(value));
        else
            return from_register<T>(value);
    }
};

} // namespace linux
