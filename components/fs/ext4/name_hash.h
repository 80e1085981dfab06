// SPDX-License-Identifier: BSD-2-Clause
// The hashes of names that order a directory's tree: legacy, half MD4 and TEA, each over signed or
// unsigned characters.
#pragma once

#include <string_view>

#include "base/types.h"

namespace ext4 {

enum class HashVersion : u8 { legacy, half_md4, tea };

struct NameHash {
    u32 major = 0; // even; what the index holds
    u32 minor = 0;
    constexpr bool operator==(const NameHash&) const = default;
};

// `seed`: the volume's four words; all zero stands for the default seed.
NameHash hash_name(std::string_view name, HashVersion version, bool unsigned_characters,
                   const u32 (&seed)[4]);

} // namespace ext4
