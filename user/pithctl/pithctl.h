// SPDX-License-Identifier: BSD-2-Clause
// pithctl: looks at components and tells them what to do, through /sys/pith and Linux's calls for
// modules. One function for each command; each answers the program's status.
#pragma once

#include <span>
#include <string_view>

#include "user/runtime/program.h"

namespace pithctl {

using runtime::Output;
using Words = std::span<const char* const>;

inline constexpr i32 success = 0, failure = 1, usage_error = 2;

i32 list(Words words, Output& out);
i32 move(Words words, Output& out);
i32 control(Words words, Output& out); // kill, restart: the first word is the verb
i32 inject(Words words, Output& out);
i32 load(Words words, Output& out);
i32 swap(Words words, Output& out);
i32 unload(Words words, Output& out);
i32 top(Words words, Output& out);
i32 log(Words words, Output& out);
i32 trace(Words words, Output& out);

// Says why on standard error and answers `failure`.
i32 complain(std::string_view subject, std::string_view why);
i32 complain(std::string_view subject, Errno error);
i32 show_usage();

} // namespace pithctl
