// SPDX-License-Identifier: BSD-2-Clause
// Faults in a component's instructions, for fault injection: what to write where into its text so
// that it misbehaves in a given way. Nothing here touches the text itself.
#pragma once

#include <array>
#include <span>

#include "base/result.h"

namespace arch {

enum class TextFault : u8 {
    // At the entry of a handler: they show as soon as it is called.
    bad_pointer,
    illegal,
    endless_loop,
    // In an instruction anywhere, as programming errors and bad memory would change it.
    bit,
    nop,
    source,
    destination,
    branch,
    pointer,
};

struct TextChange {
    u64 offset = 0; // in the text
    u32 length = 0;
    std::array<u8, 16> bytes{};
};

// `entry`: the handler's offset in the text. `random` chooses the place and the change; the same
// word makes the same change. Errors: noent (the text has no instruction of that kind).
Result<TextChange> make_text_fault(TextFault fault, std::span<const u8> text, u64 entry,
                                   u64 random);

} // namespace arch
