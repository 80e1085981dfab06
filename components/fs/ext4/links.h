// SPDX-License-Identifier: BSD-2-Clause
// Steps that the operations on names share; parts of an attempt, not published by themselves.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

// A live directory. Errors: notdir, stale.
Result<Inode> open_directory(Attempt& attempt, u64 number);
// The same, for adding or removing a name. Errors: rofs; noent when it was removed.
Result<Inode> open_for_change(Attempt& attempt, u64 number);
// The inode an entry names. Errors: uclean when it is free or reserved.
Result<Inode> named_inode(Attempt& attempt, u64 number);
// Modification and change time now.
Result<> touch_directory(Attempt& attempt, const Inode& directory);
Result<FileSpace> space_of(Attempt& attempt, const Inode& inode);
// The link that a subdirectory's ".." is. Errors: mlink.
Result<> add_subdirectory(Attempt& attempt, const Inode& directory);
Result<> remove_subdirectory(Attempt& attempt, const Inode& directory);
// One name less; the last one (of a directory: the only one) makes it an orphan.
Result<> drop_link(Attempt& attempt, const Inode& inode);

} // namespace ext4
