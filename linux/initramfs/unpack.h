// SPDX-License-Identifier: BSD-2-Clause
// Filling the root file system from the initramfs.
#pragma once

#include <span>

#include "base/result.h"

namespace linux {

// Unpacks concatenated archives, each plain or compressed (gzip, zstd, xz, lz4), below the current
// task's root. What was unpacked before an error stays; what was wrong is said in the log. Process
// context. Errors: badmsg (damaged), opnotsupp (a compression Pith does not know), and those of
// making files.
Result<> unpack_initramfs(std::span<const u8> image);

} // namespace linux
