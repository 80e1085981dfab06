// SPDX-License-Identifier: BSD-2-Clause
// From registers to typed arguments, as linux/syscall does it; bodies get the frame as well, since
// the words of a message stay in registers.
#pragma once

#include "abi/native/transfer.h"
#include "linux/syscall/syscall.h"

namespace native {

// Null: no bytes, no handles, no deadline.
using UserTransfer = core::UserInOut<pith_transfer>;

// A body without the frame, so that a row's arguments can be written as they are.
template <typename Arguments>
struct BodyOf;
template <typename... Arguments>
struct BodyOf<void(Arguments...)> {
    using Type = Result<u64>(arch::UserFrame& frame, Arguments... arguments);
};

#define NATIVE_CALL(name, number, arguments, purpose) BodyOf<void arguments>::Type call_##name;
#include "abi/native/calls.def"
#undef NATIVE_CALL

template <auto Body>
struct Trampoline;
template <typename... Arguments, Result<u64> (*Body)(arch::UserFrame&, Arguments...)>
struct Trampoline<Body> {
    static i64 call(arch::UserFrame& frame) {
        return [&]<unsigned... I>(std::integer_sequence<unsigned, I...>) -> i64 {
            const Result<u64> result =
                Body(frame, linux::from_register<Arguments>(arch::argument(frame, I))...);
            return result ? static_cast<i64>(*result) : linux::call_failed(frame, result.error());
        }(std::make_integer_sequence<unsigned, sizeof...(Arguments)>{});
    }
};

} // namespace native
