// SPDX-License-Identifier: BSD-2-Clause
// Errors as values. A function that can fail returns Result<T>; TRY passes a failure up, MUST
// states why there can be none. No exceptions anywhere.
#pragma once

#include <expected>
#include <utility>

#include "base/errno.h"
#include "base/panic.h"

namespace base {

template <typename T = void>
using Result = std::expected<T, Errno>;

using Failure = std::unexpected<Errno>;

// Called by TRY in debug builds for each failure that passes; counts and traces the error edge.
#ifdef PITH_TRACE_ERRORS
void trace_error(Errno error, const char* file, int line);
#else
inline void trace_error(Errno, const char*, int) {}
#endif

} // namespace base

using base::Failure;
using base::Result;

// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression)                                                                            \
    ({                                                                                             \
        auto try_result_ = (expression);                                                           \
        if (!try_result_) [[unlikely]] {                                                           \
            ::base::trace_error(try_result_.error(), __FILE__, __LINE__);                          \
            return ::base::Failure(try_result_.error());                                           \
        }                                                                                          \
        *std::move(try_result_);                                                                   \
    })

// The value of `expression`, whose failure would be a bug: `why` says why it cannot happen.
#define MUST(expression, why)                                                                      \
    ({                                                                                             \
        auto must_result_ = (expression);                                                          \
        if (!must_result_) [[unlikely]]                                                            \
            ::base::panic_at(__FILE__, __LINE__, "MUST failed: " #expression ": " why);            \
        *std::move(must_result_);                                                                  \
    })
