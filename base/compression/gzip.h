// SPDX-License-Identifier: BSD-2-Clause
// gzip members (RFC 1952) with DEFLATE data (RFC 1951).
#pragma once

#include "base/compression/output.h"

namespace base::compression {

// Unpacks the member at the front of `input`. Gives the bytes consumed. Errors: badmsg (damaged:
// see output.complaint()), nomem, the consumer's.
Result<usize> unpack_gzip(std::span<const u8> input, Output& output);

} // namespace base::compression
