// SPDX-License-Identifier: BSD-2-Clause
// Which kind of build this is, for `if constexpr` where both branches should stay compiled.
#pragma once

namespace base {

#ifdef PITH_DEBUG
inline constexpr bool debug_build = true;
#else
inline constexpr bool debug_build = false;
#endif

} // namespace base
