// SPDX-License-Identifier: BSD-2-Clause
// Allocation that can fail. Plain `new` is never used: `new (base::fallible) T` gives nullptr when
// memory is short. The home of the code supplies the operators; the kernel's are
// core/memory/heap.cpp.
#pragma once

#include <new>

#include "base/types.h"

namespace base {

struct Fallible {};
inline constexpr Fallible fallible{};

} // namespace base

void* operator new(usize size, base::Fallible) noexcept;
void* operator new[](usize size, base::Fallible) noexcept;
void* operator new(usize size, std::align_val_t alignment, base::Fallible) noexcept;
