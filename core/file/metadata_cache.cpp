// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/metadata_cache.h"

#include "base/allocate.h"

namespace core::file {

Result<Ref<BlockContents>> BlockContents::create(u32 size) {
    u8* data = new (base::fallible) u8[size];
    if (!data)
        return Failure(Errno::nomem);
    auto contents = Ref<BlockContents>::create(data);
    if (!contents)
        delete[] data;
    return contents;
}

BlockContents::~BlockContents() { delete[] data_; }

MetadataCache::MetadataCache(BlockSource& source, u32 block_size)
    : source_(source), block_size_(block_size) {}

MetadataCache::~MetadataCache() { forget_all(); }

void MetadataCache::forget_all() {
    while (MetadataBlock* block = dirty.pop_front()) {
        block->dirty = false;
        clean_.push_back(*block);
    }
    dirty_count = 0;
    while (!clean_.empty())
        remove(clean_.front());
}

void MetadataCache::set_block_size(u32 bytes) {
    forget_all();
    block_size_ = bytes;
}

MetadataBlock* MetadataCache::find(u64 number) const {
    MetadataBlock* block = buckets_[bucket_of(number)];
    while (block && block->number != number)
        block = block->hash_next;
    return block;
}

Result<Ref<MetadataBlock>> MetadataCache::insert(u64 number) {
    if (size_ >= limit)
        shrink(limit - limit / 8);
    Ref<MetadataBlock> block = TRY(Ref<MetadataBlock>::create(number));
    MetadataBlock*& head = buckets_[bucket_of(number)];
    block->hash_next = head;
    head = block.get();
    block->add_reference(); // the table's
    clean_.push_back(*block);
    ++size_;
    return block;
}

Result<Ref<MetadataBlock>> MetadataCache::get_unread(u64 number) {
    if (number >= device_blocks())
        return Failure(Errno::inval);
    if (MetadataBlock* block = find(number))
        return Ref<MetadataBlock>::share(*block);
    return insert(number);
}

Result<Ref<MetadataBlock>> MetadataCache::add(u64 number, const Ref<BlockContents>& contents) {
    Ref<MetadataBlock> block = TRY(get_unread(number));
    if (!block->contents) {
        block->contents = contents;
        block->checked = 0;
    }
    return block;
}

void MetadataCache::remove(MetadataBlock& block) {
    MetadataBlock** at = &buckets_[bucket_of(block.number)];
    while (*at != &block)
        at = &(*at)->hash_next;
    *at = block.hash_next;
    block.hash_next = nullptr;
    if (block.dirty) {
        block.dirty_link.unlink();
        --dirty_count;
    } else {
        block.age_link.unlink();
    }
    block.dirty = false;
    block.forgotten = true;
    --size_;
    block.drop_reference();
}

void MetadataCache::forget(u64 first, u64 count, u64 transaction) {
    if (count <= size_) {
        for (u64 i = 0; i < count; ++i)
            if (MetadataBlock* block = find(first + i)) {
                ++block->version;
                block->forgotten_in = transaction;
                remove(*block);
            }
        return;
    }
    for (MetadataBlock* head : buckets_)
        while (head) {
            MetadataBlock* next = head->hash_next;
            if (head->number - first < count) {
                ++head->version;
                head->forgotten_in = transaction;
                remove(*head);
            }
            head = next;
        }
}

void MetadataCache::mark_dirty(MetadataBlock& block) {
    if (block.dirty)
        return;
    block.age_link.unlink();
    block.dirty = true;
    ++dirty_count;
    dirty.push_back(block);
}

void MetadataCache::mark_clean(MetadataBlock& block) {
    if (!block.dirty)
        return;
    block.dirty_link.unlink();
    --dirty_count;
    block.dirty = false;
    clean_.push_back(block);
}

void MetadataCache::shrink(u64 keep) {
    u64 looked_at = size_;
    while (size_ > keep && !clean_.empty() && looked_at-- > 0) {
        MetadataBlock& block = clean_.front();
        // In use by a request: it stays, at the young end.
        if (block.reference_count() > 1) {
            block.age_link.unlink();
            clean_.push_back(block);
            continue;
        }
        remove(block);
    }
}

} // namespace core::file
