// SPDX-License-Identifier: BSD-2-Clause
// Operations on names. Each is one change set, published when it returns well; the attempt is empty
// when it is called. Permissions, "." and "..", loops of directories and mount points are the
// caller's business; so is keeping other operations out of the directories meanwhile.
#pragma once

#include <string_view>

#include "components/fs/ext4/inode.h"

namespace ext4 {

// Errors: noent, notdir, nametoolong, uclean, io.
Result<FileAttributes> lookup(Attempt& attempt, u64 directory, std::string_view name);
Result<u64> parent_of(Attempt& attempt, u64 directory);

// As read_directory (directory.h).
Result<usize> list_directory(Attempt& attempt, u64 directory, u64 from, std::span<u8> buffer);

// What a new inode begins with: mode (type and permissions), owner, device; `target` of a symlink.
struct NewNode {
    FileAttributes attributes;
    std::string_view target;
};
// What a new name stands for, and what its directory takes up with it.
struct NamedInode {
    FileAttributes attributes;
    FileSpace directory;
};
// Errors: exist, nospc, mlink, nametoolong, rofs.
Result<NamedInode> create(Attempt& attempt, u64 directory, std::string_view name,
                          const NewNode& node);
// An inode without a name, on the orphan list until it is linked.
Result<FileAttributes> create_temporary(Attempt& attempt, u64 directory, const NewNode& node);
Result<NamedInode> link(Attempt& attempt, u64 directory, std::string_view name, u64 inode);
// The inode that lost the name. Errors: noent, isdir.
Result<u64> unlink(Attempt& attempt, u64 directory, std::string_view name);
// Errors: noent, notdir, notempty.
Result<u64> remove_directory(Attempt& attempt, u64 directory, std::string_view name);

struct Rename {
    u64 from_directory;
    std::string_view from;
    u64 to_directory;
    std::string_view to;
    component::RenameFlags flags;
};
struct Renamed {
    u64 replaced; // inode, or 0
    FileSpace to_directory;
};
// Errors: noent, exist, notempty, isdir, notdir, mlink, nospc.
Result<Renamed> rename(Attempt& attempt, const Rename& what);

} // namespace ext4
