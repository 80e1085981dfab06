// SPDX-License-Identifier: BSD-2-Clause
// The call tables, built by the compiler from the rows of abi/linux/syscalls.def.
#include "linux/syscall/table.h"

#include <array>

#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr usize table_size = 512;
using Handlers = std::array<core::CallHandler, table_size>;

i64 not_a_call(arch::UserFrame&) { return -static_cast<i64>(Errno::nosys); }

// Past the end of the table: the native calls have numbers there that no Linux ever gave away.
i64 beyond_the_table(arch::UserFrame& frame) { return native_call_table.unknown(frame); }

constexpr Handlers make_handlers() {
    Handlers handlers;
    handlers.fill(&not_a_call);
#define SYSCALL(name, number64, number32, arguments)                                               \
    if (number64 >= 0)                                                                             \
        handlers[static_cast<usize>(number64)] = &Trampoline<&sys_##name>::call;
#include "abi/linux/syscalls.def"
#undef SYSCALL
    return handlers;
}

constexpr Handlers make_compat_handlers() {
    Handlers handlers;
    handlers.fill(&not_a_call);
#define SYSCALL(name, number64, number32, arguments)                                               \
    if (number32 >= 0)                                                                             \
        handlers[static_cast<usize>(number32)] = &Trampoline<&sys_##name>::call_compat;
#include "abi/linux/syscalls.def"
#undef SYSCALL
    return handlers;
}

constinit const Handlers g_handlers = make_handlers();
constinit const Handlers g_compat_handlers = make_compat_handlers();

} // namespace

constinit const core::CallTable call_table = {g_handlers.data(), table_size, &beyond_the_table};
constinit const core::CallTable compat_call_table = {g_compat_handlers.data(), table_size,
                                                     &not_a_call};

} // namespace linux
