// SPDX-License-Identifier: BSD-2-Clause
#include "user/runtime/program.h"

namespace base {

void panic_at(const char* file, int line, const char* message) {
    runtime::Output(2).print("{}:{}: {}\n", std::string_view(file), line,
                             std::string_view(message));
    __builtin_trap();
}

} // namespace base

extern "C" [[noreturn]] void start_program(const u64* stack) {
    const u64 count = stack[0];
    const auto* arguments = reinterpret_cast<const char* const*>(stack + 1);
    runtime::exit(runtime::run_program({arguments + 1, count == 0 ? 0 : count - 1}));
}
