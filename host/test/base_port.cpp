// SPDX-License-Identifier: BSD-2-Clause
// What base/ asks of its home, for tests that need no more of a kernel than that: panics end the
// process, allocations are the C++ library's. Not to be linked beside kernel_port.cpp, which has
// the same and more.
#include <cstdio>
#include <cstdlib>
#include <new>

#include "base/allocate.h"
#include "base/panic.h"

void* operator new(usize size, base::Fallible) noexcept {
    return ::operator new(size, std::nothrow);
}
void* operator new[](usize size, base::Fallible) noexcept {
    return ::operator new[](size, std::nothrow);
}
void* operator new(usize size, std::align_val_t alignment, base::Fallible) noexcept {
    return ::operator new(size, alignment, std::nothrow);
}

namespace base {

void panic_at(const char* file, int line, const char* message) {
    std::fprintf(stderr, "panic at %s:%d: %s\n", file, line, message);
    std::abort();
}

} // namespace base
