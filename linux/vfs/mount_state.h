// SPDX-License-Identifier: BSD-2-Clause
// The insides of the mount table, for linux/vfs/mount*.cpp only.
#pragma once

#include "base/immortal.h"
#include "linux/vfs/mount.h"

namespace linux {

struct MountState {
    Immortal<core::Lock<core::lock_class::mount_table>> lock;
    Immortal<core::WaitQueue> change_queue;
    Immortal<List<Mount, &Mount::all_link>> all; // guarded by lock
    std::atomic<Mount*> buckets[256] = {};       // by (parent, mount point); writers hold hash_lock
    core::Lock<core::lock_class::mount_hash> hash_lock;
    std::atomic<u64> sequence{0}; // odd while a mount is taken out
    std::atomic<u64> changes{1};
    std::atomic<u32> next_id{1};
    u32 next_peer_group = 1;      // guarded by lock
    Mount* root = nullptr;        // guarded by lock
};
extern MountState g_mounts;

} // namespace linux
