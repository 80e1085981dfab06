// SPDX-License-Identifier: BSD-2-Clause
// The machine's name, as uname(2), sethostname(2) and /proc/sys/kernel have it.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace linux {

inline constexpr std::string_view system_name = "Linux";
inline constexpr std::string_view system_release = "6.1.0-pith";
inline constexpr std::string_view system_version = "#1 SMP PREEMPT_DYNAMIC Pith";
inline constexpr std::string_view system_machine = "x86_64";
inline constexpr usize name_capacity = 65; // with the NUL

// Copies of the host and domain name; the view lies in `buffer`. Process context.
std::string_view host_name(std::span<char, name_capacity> buffer);
std::string_view domain_name(std::span<char, name_capacity> buffer);
// At most 64 bytes. Permission was checked. Errors: inval.
Result<> set_host_name(std::string_view name);
Result<> set_domain_name(std::string_view name);

} // namespace linux
