// SPDX-License-Identifier: BSD-2-Clause
// Zstandard (RFC 8878).
#pragma once

#include "base/compression/output.h"

namespace base::compression {

// Unpacks the frame at the front of `input`, or steps over a skippable one. Gives the bytes
// consumed. Errors: badmsg (damaged: see output.complaint()), opnotsupp (needs a dictionary), nomem
// and fbig (its window), the consumer's.
Result<usize> unpack_zstd(std::span<const u8> input, Output& output);

} // namespace base::compression
