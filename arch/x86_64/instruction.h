// SPDX-License-Identifier: BSD-2-Clause
// The length and the parts of one instruction of 64-bit code, as compilers write it for components:
// no vector registers, no VEX.
#pragma once

#include <optional>
#include <span>

#include "base/types.h"

namespace arch {

struct Instruction {
    u32 length = 0;
    u32 opcode = 0;    // 0x0f00 | second byte for those of two
    u32 opcode_at = 0; // of its last byte
    u32 modrm_at = 0;  // 0: it has none
};

// Nothing if the bytes are no instruction, or one that is not known here.
std::optional<Instruction> decode_instruction(std::span<const u8> bytes);

} // namespace arch
