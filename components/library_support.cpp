// SPDX-License-Identifier: BSD-2-Clause
// What the standard headers call where a hosted program would throw or abort. In a component it
// ends the instance, as any other fault of its code.
#include <string_view>
#include <version>

#if defined(_LIBCPP_VERSION)
namespace std::inline __1 {
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) { __builtin_trap(); }
} // namespace std::inline __1
#else
namespace std {
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { __builtin_trap(); }
[[noreturn]] void __throw_length_error(const char*) { __builtin_trap(); }
[[noreturn]] void __throw_logic_error(const char*) { __builtin_trap(); }
[[noreturn]] void __throw_bad_function_call() { __builtin_trap(); }
} // namespace std
#endif
