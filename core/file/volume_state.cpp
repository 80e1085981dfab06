// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/volume_state.h"

#include "base/allocate.h"

namespace core::file {

using component::BlockRange;

VolumeState::~VolumeState() { forget_withheld(); }

void VolumeState::forget_withheld() {
    while (withheld_) {
        Withheld* next = withheld_->next;
        delete withheld_;
        withheld_ = next;
    }
}

void VolumeState::mounted(const component::VolumeInfo& info) {
    free_blocks = static_cast<i64>(info.free_blocks);
    free_inodes = static_cast<i64>(info.free_inodes);
    delay_overhead = info.delay_overhead;
    mount_state = component::volume_state::of(info);
}

void VolumeState::start_over(u32 block_size) {
    forget_withheld();
    cache.set_block_size(block_size);
}

Result<> VolumeState::commit() {
    // Ordered: no metadata goes home that speaks of data not yet there.
    if (data_in_flight_ != 0)
        return Failure(Errno::busy);
    if (cache.dirty.empty() && !withheld_)
        return {};
    TRY(source.flush());
    List<MetadataBlock, &MetadataBlock::dirty_link> going;
    going.splice_back(cache.dirty);
    Result<> outcome;
    const u32 size = cache.block_size();
    while (outcome && !going.empty()) {
        const Ref<MetadataBlock> block = Ref<MetadataBlock>::share(going.front());
        // Contents are immutable: what is written is one consistent state of the block.
        const Ref<BlockContents> contents = block->contents.to_ref();
        outcome = source.write(block->number * size, {contents->data(), size});
        if (!outcome || block->forgotten)
            continue;
        if (block->contents.get() == contents.get()) {
            cache.mark_clean(*block);
        } else {
            // Changed while it was being written: for the next transaction.
            block->dirty_link.unlink();
            cache.dirty.push_back(*block);
        }
    }
    cache.dirty.splice_back(going);
    if (outcome)
        outcome = source.flush();
    if (!outcome)
        return outcome;
    forget_withheld();
    ++transaction;
    return {};
}

Result<> VolumeState::withhold(BlockRange range) {
    if (withheld_ && withheld_->range.start == range.start + range.count) {
        withheld_->range.start = range.start;
        withheld_->range.count += range.count;
        return {};
    }
    if (withheld_ && withheld_->range.start + withheld_->range.count == range.start) {
        withheld_->range.count += range.count;
        return {};
    }
    auto* entry = new (base::fallible) Withheld{range, withheld_};
    if (!entry)
        return Failure(Errno::nomem);
    withheld_ = entry;
    return {};
}

BlockRange VolumeState::available(BlockRange range) const {
    u64 start = range.start;
    const u64 end = range.start + range.count;
    // The first block that is in none of the withheld ranges; then how far it goes.
    for (bool moved = true; moved && start < end;) {
        moved = false;
        for (const Withheld* entry = withheld_; entry; entry = entry->next)
            if (start - entry->range.start < entry->range.count) {
                start = entry->range.start + entry->range.count;
                moved = true;
            }
    }
    if (start >= end)
        return {end, 0};
    u64 stop = end;
    for (const Withheld* entry = withheld_; entry; entry = entry->next)
        if (entry->range.start > start && entry->range.start < stop)
            stop = entry->range.start;
    return {start, stop - start};
}

Result<> VolumeState::reserve(u64 blocks) {
    const u64 free = free_blocks > 0 ? static_cast<u64>(free_blocks) : 0;
    if (promise_for(reserved_ + blocks) > free)
        return Failure(Errno::nospc);
    reserved_ += blocks;
    return {};
}

} // namespace core::file
