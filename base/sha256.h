// SPDX-License-Identifier: BSD-2-Clause
// SHA-256 (FIPS 180-4). Any context.
#pragma once

#include <array>
#include <span>

#include "base/types.h"

namespace base {

using Sha256Digest = std::array<u8, 32>;

class Sha256 {
public:
    Sha256();
    void update(std::span<const u8> bytes);
    // The digest of everything so far; the object may not be used afterwards.
    Sha256Digest finish();

private:
    void compress(const u8* block);

    u32 state_[8];
    u8 buffer_[64];
    u64 length_ = 0;
};

Sha256Digest sha256(std::span<const u8> bytes);

} // namespace base
