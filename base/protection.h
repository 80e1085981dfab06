// SPDX-License-Identifier: BSD-2-Clause
// Kinds of access to memory and the rights of a mapping, for all who map: core and architectures.
#pragma once

#include "base/types.h"

namespace base {

enum class Access : u8 { read, write, execute };

// Bits as mmap(2) has them: PROT_READ, PROT_WRITE, PROT_EXEC.
enum class Protection : u8 { none = 0, read = 1, write = 2, execute = 4 };
constexpr Protection operator|(Protection a, Protection b) {
    return static_cast<Protection>(static_cast<u8>(a) | static_cast<u8>(b));
}
constexpr bool includes(Protection set, Protection wanted) {
    return (static_cast<u8>(set) & static_cast<u8>(wanted)) == static_cast<u8>(wanted);
}

} // namespace base
