// SPDX-License-Identifier: BSD-2-Clause
// The metadata blocks of one volume. Contents never change in place: a publish puts new contents in
// the block's stead, so that readers, and a commit on its way to the disk, keep what they hold.
// Everything here is guarded by the volume's lock, except while a block is read in.
#pragma once

#include "base/list.h"
#include "base/ref.h"
#include "core/file/block_source.h"

namespace core::file {

// One state of a block. Immutable once published.
class BlockContents final : public RefCounted<BlockContents> {
public:
    // Uninitialised bytes. Errors: nomem.
    static Result<Ref<BlockContents>> create(u32 size);
    ~BlockContents();

    u8* data() { return data_; }
    const u8* data() const { return data_; }

private:
    friend class Ref<BlockContents>;
    explicit BlockContents(u8* data) : data_(data) {}
    u8* data_;
};

class MetadataBlock final : public RefCounted<MetadataBlock> {
public:
    explicit MetadataBlock(u64 block) : number(block) {}

    const u64 number;
    u64 version = 0; // counts publishes
    u32 checked = 0; // the component's word (VolumeServices::mark_checked)
    u32 editors = 0; // change sets that hold a private copy
    bool dirty = false;
    bool forgotten = false; // freed: out of the table, never written
    // The log (core/file/journal.h). What the transaction that is being committed says, and what
    // one that is committed says, while that is not yet home; each list owns a reference.
    RefOrNull<BlockContents> logged;
    RefOrNull<BlockContents> homeless;
    u64 forgotten_in = 0; // number of the transaction that freed it
    RefOrNull<BlockContents> contents;
    MetadataBlock* hash_next = nullptr;
    ListLink age_link;   // in the cache's list while clean
    ListLink dirty_link; // in the running transaction while dirty
    ListLink log_link;   // in the transaction that is being committed
    ListLink home_link;  // among those committed that are not home
};

class MetadataCache {
public:
    MetadataCache(BlockSource& source, u32 block_size);
    ~MetadataCache();
    MetadataCache(const MetadataCache&) = delete;
    MetadataCache& operator=(const MetadataCache&) = delete;

    // Forgets everything, dirty or not.
    void set_block_size(u32 bytes);
    u32 block_size() const { return block_size_; }
    u64 device_blocks() const { return source_.size() / block_size_; }

    // The block with `contents`, which were read from the disk, unless it has some by now. Errors:
    // nomem.
    Result<Ref<MetadataBlock>> add(u64 number, const Ref<BlockContents>& contents);
    // The block without reading it: contents may be absent.
    Result<Ref<MetadataBlock>> get_unread(u64 number);
    MetadataBlock* find(u64 number) const;
    // Takes blocks out that transaction number `transaction` frees, dirty or not.
    void forget(u64 first, u64 count, u64 transaction);
    void mark_dirty(MetadataBlock& block);
    void mark_clean(MetadataBlock& block);
    // Frees clean blocks, oldest first, until at most `keep` are left.
    void shrink(u64 keep);

    u64 size() const { return size_; }
    u64 limit = 4096; // blocks kept without need
    // Dirty blocks, in the order they became so: the running transaction.
    List<MetadataBlock, &MetadataBlock::dirty_link> dirty;
    u32 dirty_count = 0;

private:
    static constexpr u32 bucket_count = 1024;
    static u32 bucket_of(u64 number) {
        return static_cast<u32>((number * 0x9e37'79b9'7f4a'7c15) >> 54);
    }
    Result<Ref<MetadataBlock>> insert(u64 number);
    void forget_all();
    void remove(MetadataBlock& block);

    BlockSource& source_;
    u32 block_size_;
    u64 size_ = 0;
    MetadataBlock* buckets_[bucket_count] = {};           // each chain owns a reference per block
    List<MetadataBlock, &MetadataBlock::age_link> clean_; // oldest first
};

} // namespace core::file
