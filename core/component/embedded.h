// SPDX-License-Identifier: BSD-2-Clause
// The component objects inside the kernel image, byte for byte (written by tools/pith/embed.py).
#pragma once

#include "base/types.h"

struct EmbeddedObject {
    const char* name;
    const char* placement; // as the image file says: "builtin", "module", "server"
    const u8* begin;
    const u8* end;
};

extern "C" {
extern const EmbeddedObject embedded_objects[];
extern const usize embedded_object_count;
}
