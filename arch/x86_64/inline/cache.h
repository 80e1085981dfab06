// SPDX-License-Identifier: BSD-2-Clause
#pragma once

namespace arch {

inline void write_back_line(const void* place) {
    asm volatile("clflush %0" ::"m"(*static_cast<const char*>(place)) : "memory");
}

} // namespace arch
