// SPDX-License-Identifier: BSD-2-Clause
// The table of native calls, from the rows of abi/native/calls.def; reached by int 0x81 and, with
// the same numbers, by the special instruction.
#include <array>

#include "linux/syscall/table.h"
#include "native/call.h"

namespace native {

namespace {

constexpr usize row_count = 0
#define NATIVE_CALL(name, number, arguments, purpose) +1
#include "abi/native/calls.def"
#undef NATIVE_CALL
    ;

constexpr std::array<core::CallHandler, row_count> make_handlers() {
    std::array<core::CallHandler, row_count> handlers{};
#define NATIVE_CALL(name, number, arguments, purpose)                                              \
    handlers[number] = &Trampoline<&call_##name>::call;
#include "abi/native/calls.def"
#undef NATIVE_CALL
    return handlers;
}

constinit const std::array<core::CallHandler, row_count> g_handlers = make_handlers();

i64 dispatch(arch::UserFrame& frame) {
    const u64 row = arch::call_number(frame) - PITH_CALL_BASE;
    return row < row_count ? g_handlers[row](frame) : -static_cast<i64>(Errno::nosys);
}

} // namespace

} // namespace native

namespace linux {

constinit const core::CallTable native_call_table = {nullptr, 0, &native::dispatch};

} // namespace linux
