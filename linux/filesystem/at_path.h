// SPDX-License-Identifier: BSD-2-Clause
// The (directory descriptor, path, AT_* flags) triple of the *at calls. Process context.
#pragma once

#include "abi/linux/file.h"
#include "core/vm/user_memory.h"
#include "linux/vfs/lookup.h"

namespace linux {

// The place; AT_EMPTY_PATH with an empty path names the descriptor itself, AT_SYMLINK_NOFOLLOW
// stops at a link, AT_SYMLINK_FOLLOW goes on. `follow`: what holds without either flag. Errors:
// those of resolve.
enum class LastLink : u8 { follow, stay };
Result<Path> path_at(i32 directory, core::UserString path, u32 at_flags, LastLink last);

} // namespace linux
