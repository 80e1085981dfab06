// SPDX-License-Identifier: BSD-2-Clause
// .xz streams (The .xz File Format 1.2.0) with LZMA2.
#pragma once

#include "base/compression/output.h"

namespace base::compression {

// Unpacks the stream at the front of `input`. Gives the bytes consumed, padding not among them.
// Errors: badmsg (damaged: see output.complaint()), opnotsupp (a filter or a check Pith does not
// have), nomem and fbig (its dictionary), the consumer's.
Result<usize> unpack_xz(std::span<const u8> input, Output& output);

} // namespace base::compression
