// SPDX-License-Identifier: BSD-2-Clause
// Error numbers. The values are Linux's (include/uapi/asm-generic/errno*.h, x86-64 and aarch64
// alike), so that no layer has to translate; the names and texts come from errno.def.
#pragma once

#include <string_view>

#include "base/types.h"

namespace base {

enum class Errno : i32 {
#define PITH_ERRNO(name, value, text) name = value,
#include "base/errno.def"
#undef PITH_ERRNO
};

// The name in lower case without its E ("noent"), or "?" for a number that has none. Any context.
constexpr std::string_view errno_name(Errno error) {
    switch (error) {
#define PITH_ERRNO(name, value, text)                                                              \
    case Errno::name: return #name;
#include "base/errno.def"
#undef PITH_ERRNO
    }
    return "?";
}

} // namespace base

using base::Errno;
