// SPDX-License-Identifier: BSD-2-Clause
// What the kernel lacks, asked of the program in /proc/sys/kernel/modprobe as Linux does
// (Documentation/admin-guide/sysctl/kernel, "modprobe"): `modprobe -q -- NAME`.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"

namespace linux {

// Waits until the program has ended; whether it brought what was asked for is for the caller to
// see. Errors: noent (there is no such program, or none is wanted), nametoolong, again (too many
// are asked for at once), those of run_helper. Process context.
Result<> request_module(std::string_view prefix, std::string_view name);

inline constexpr usize modprobe_capacity = 256; // with the NUL
// A copy, in `buffer`; empty: no modules are asked for.
std::string_view modprobe_path(std::span<char, modprobe_capacity> buffer);
// Errors: inval (too long).
Result<> set_modprobe_path(std::string_view path);

} // namespace linux
