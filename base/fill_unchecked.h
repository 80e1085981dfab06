// SPDX-License-Identifier: BSD-2-Clause
// memset for memory that a checked kernel has no shadow of: the shadow itself.
#pragma once

#include "base/types.h"

extern "C" void fill_unchecked(void* target, u8 value, usize size) noexcept;
