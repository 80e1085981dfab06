// SPDX-License-Identifier: BSD-2-Clause
// What the standard headers call where a hosted program would throw or abort.
#include <string_view>
#include <version>

#include "core/observe/panic.h"

#if defined(_LIBCPP_VERSION)
namespace std::inline __1 {
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) { core::panic(format); }
} // namespace std::inline __1
#else
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { core::panic(format); }
[[noreturn]] void __throw_length_error(const char* text) { core::panic(text); }
[[noreturn]] void __throw_logic_error(const char* text) { core::panic(text); }
[[noreturn]] void __throw_bad_function_call() { core::panic("empty function called"); }
} // namespace std
#endif
