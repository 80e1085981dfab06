// SPDX-License-Identifier: BSD-2-Clause
// DEFLATE (RFC 1951).
#pragma once

#include "base/compression/input.h"
#include "base/compression/output.h"

namespace base::compression {

// What Output::begin wants to know of such a stream.
inline constexpr usize deflate_window = 32 << 10, deflate_step = 64 << 10;

// Unpacks one stream at the input's place, which ends at a whole byte. Errors: badmsg, nomem, the
// consumer's.
Result<> inflate(Input& input, Output& output);

} // namespace base::compression
