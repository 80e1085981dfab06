// SPDX-License-Identifier: BSD-2-Clause
// The insides of the dentry cache: hash table and list of unused entries. For linux/vfs/dentry*.cpp
// only.
#pragma once

#include "linux/vfs/dentry.h"

namespace linux {

struct Bucket {
    std::atomic<Dentry*> first{nullptr};
    core::Lock<core::lock_class::dentry> lock; // writers of the chain
};

struct DentryCacheState {
    Bucket* buckets = nullptr;
    u32 shift = 0; // of the mixed hash, so that an index remains
    std::atomic<u64> total{0};
    core::Lock<core::lock_class::dentry_list> list_lock;
    ListLink unused;      // a ring, oldest first; guarded by list_lock
    u64 unused_count = 0; // guarded by list_lock
    u64 unused_limit = 0;
    std::atomic<bool> reclaiming{false};

    Bucket& bucket(const Dentry& parent, u32 hash) const {
        const u64 mixed = (hash ^ (reinterpret_cast<u64>(&parent) >> 6)) * 0x9e37'79b9'7f4a'7c15;
        return buckets[mixed >> shift];
    }
};
extern DentryCacheState g_dentry_cache;

} // namespace linux
