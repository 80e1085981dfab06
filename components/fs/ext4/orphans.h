// SPDX-License-Identifier: BSD-2-Clause
// The orphan list: inodes without a name that are still open, or in the middle of a truncation, so
// that the next mount can finish the job. Its head is in the superblock, the links in delete_time.
#pragma once

#include "components/fs/ext4/inode.h"

namespace ext4 {

Result<> add_orphan(Attempt& attempt, const Inode& inode);
// Does nothing if the inode is not on the list.
Result<> remove_orphan(Attempt& attempt, const Inode& inode);
// At mount: frees or truncates everything on the list.
Result<> release_orphans(Attempt& attempt);

} // namespace ext4
