// SPDX-License-Identifier: BSD-2-Clause
// gzip members (RFC 1952) with DEFLATE data (RFC 1951).
#pragma once

#include "linux/initramfs/byte_source.h"

namespace linux {

// Unpacks one member at the front of `input` behind what `output` holds. Gives the bytes consumed.
// Errors: inval (no gzip), badmsg (damaged: bad code, bad checksum, cut short), nomem, fbig.
Result<usize> unpack_gzip(std::span<const u8> input, ByteBuffer& output);

} // namespace linux
