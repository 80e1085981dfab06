// SPDX-License-Identifier: BSD-2-Clause
// Declarations of the compiler's helper functions, for code that is built without a C library.
#pragma once

#include "base/types.h"

extern "C" {
void* memcpy(void* __restrict target, const void* __restrict source, usize size) noexcept;
void* memmove(void* target, const void* source, usize size) noexcept;
void* memset(void* target, int value, usize size) noexcept;
int memcmp(const void* left, const void* right, usize size) noexcept;
usize strlen(const char* text) noexcept;
}
