// SPDX-License-Identifier: BSD-2-Clause
// What the standard headers call where a hosted program would throw or abort.
#include <string_view>
#include <version>

#include "base/panic.h"

#if defined(_LIBCPP_VERSION)
namespace std::inline __1 {
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) { PANIC(format); }
} // namespace std::inline __1
#else
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char* format, ...) { PANIC(format); }
[[noreturn]] void __throw_length_error(const char* text) { PANIC(text); }
[[noreturn]] void __throw_logic_error(const char* text) { PANIC(text); }
} // namespace std
#endif
