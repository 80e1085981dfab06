// SPDX-License-Identifier: BSD-2-Clause
// Where the blocks of one file lie, as far as it is known: so that reading in and writing back
// seldom ask the component. A cache: it may forget. Guarded by its owner's lock.
#pragma once

#include "abi/component/file_system.h"
#include "base/result.h"

namespace core::file {

using component::FileExtent;

class ExtentCache {
public:
    ExtentCache() = default;
    ~ExtentCache() { delete[] extents_; }
    ExtentCache(const ExtentCache&) = delete;
    ExtentCache& operator=(const ExtentCache&) = delete;

    // The extent (or known hole) that holds the block, or null. Valid until the next change.
    const FileExtent* find(u64 logical) const;
    // Enters what is known now, in place of what was known of those blocks.
    void insert(const FileExtent& extent);
    // Forgets blocks from..to-1.
    void forget(u64 from, u64 to);
    u32 size() const { return count_; }

private:
    static constexpr u32 max_extents = 2048;

    u32 position_of(u64 logical) const; // of the first extent that ends after `logical`
    bool make_room(u32 wanted);
    void erase(u32 first, u32 last);
    bool put(u32 position, const FileExtent& extent);
    bool joins(const FileExtent& left, const FileExtent& right) const;

    FileExtent* extents_ = nullptr; // by logical block, without overlap
    u32 count_ = 0;
    u32 capacity_ = 0;
};

} // namespace core::file
