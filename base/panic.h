// SPDX-License-Identifier: BSD-2-Clause
// Assertions. Each home of the code (kernel, component host, test process) supplies panic_at.
#pragma once

namespace base {

// Ends the kernel (or the component, or the test) with a message. Any context; never returns.
[[noreturn]] void panic_at(const char* file, int line, const char* message);

} // namespace base

// Checked in every build; use where a wrong value would corrupt memory or data.
#define VERIFY(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::base::panic_at(__FILE__, __LINE__, "VERIFY failed: " #condition);                    \
    } while (false)

// Checked in debug builds only; nothing may depend on its being evaluated.
#ifdef PITH_DEBUG
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::base::panic_at(__FILE__, __LINE__, "ASSERT failed: " #condition);                    \
    } while (false)
#else
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        (void)sizeof(condition);                                                                   \
    } while (false)
#endif

#define PANIC(message) ::base::panic_at(__FILE__, __LINE__, message)
