// SPDX-License-Identifier: BSD-2-Clause
// Extended attributes: kept in the inode behind its fixed part and, when that is full, in one
// block that inodes may share. Values are bytes; a name is a prefix (an index on disk) and a rest.
#pragma once

#include <string_view>

#include "components/fs/ext4/inode.h"

namespace ext4 {

// Errors of all: stale, uclean, opnotsupp (a prefix the format has no index for).
// The value's length; copied only if the buffer holds it all (range; an empty one only asks).
Result<usize> get_xattr(Attempt& attempt, u64 number, std::string_view name, std::span<u8> buffer);
// Full names, each ended by a NUL; lengths as above.
Result<usize> list_xattr(Attempt& attempt, u64 number, std::span<u8> buffer);
// Published; what the inode has become. Errors: exist (create), nodata (replace), nospc.
enum class XattrMode : u32 { any = 0, create = 1, replace = 2 };
Result<FileAttributes> set_xattr(Attempt& attempt, u64 number, std::string_view name,
                                 std::span<const u8> value, XattrMode mode);
Result<FileAttributes> remove_xattr(Attempt& attempt, u64 number, std::string_view name);

// Lets go of the attribute block of an inode about to be freed.
Result<> drop_xattr_block(Attempt& attempt, const Inode& inode);

} // namespace ext4
