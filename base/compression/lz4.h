// SPDX-License-Identifier: BSD-2-Clause
// LZ4 in both its frames (LZ4 frame format 1.6.4 and LZ4 block format): the "legacy" one, which
// Linux asks for (`lz4 -l`), and the modern one.
#pragma once

#include "base/compression/output.h"

namespace base::compression {

// Unpacks the frame at the front of `input`, which begins with the magic number of either. Gives
// the bytes consumed. A legacy frame has no end mark: it ends where no block can follow, and a
// gzip member behind it may look like a block. Errors: badmsg (damaged: see output.complaint()),
// opnotsupp (needs a dictionary), nomem, the consumer's.
Result<usize> unpack_lz4_legacy(std::span<const u8> input, Output& output);
Result<usize> unpack_lz4(std::span<const u8> input, Output& output);

} // namespace base::compression
