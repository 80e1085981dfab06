// SPDX-License-Identifier: BSD-2-Clause
// Access times, as the mount and the file system want them: relatime unless told otherwise.
#pragma once

#include "linux/vfs/mount.h"
#include "linux/vfs/permission.h"

namespace linux {

void update_access_time(const Mount& mount, Inode& inode);

// The file was read through `mount`. Any context that may hold an EpochGuard; never sleeps.
inline void note_access(const Mount& mount, Inode& inode) {
    if (inode.super_block().no_access_times || (mount.flags() & mount_flag::no_access_time))
        return;
    update_access_time(mount, inode);
}

} // namespace linux
