// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/volume_state.h"

#include "base/allocate.h"

namespace core::file {

using component::BlockRange;

using component::FreedKind;

VolumeState::~VolumeState() {
    forget(withheld_);
    forget(ended_);
}

void VolumeState::forget(Withheld*& list) {
    while (list) {
        Withheld* next = list->next;
        delete list;
        list = next;
    }
}

void VolumeState::mounted(const component::VolumeInfo& info) {
    free_blocks = static_cast<i64>(info.free_blocks);
    free_inodes = static_cast<i64>(info.free_inodes);
    delay_overhead = info.delay_overhead;
    mount_state = component::volume_state::of(info);
}

void VolumeState::start_over(u32 block_size) {
    journal.detach();
    forget(withheld_);
    forget(ended_);
    revoked_ = 0;
    cache.set_block_size(block_size);
}

void VolumeState::next_transaction() {
    ended_ = std::exchange(withheld_, nullptr);
    revoked_ = 0;
    ++transaction;
}

void VolumeState::transaction_done() {
    forget(ended_);
    committed = transaction - 1;
}

Result<> VolumeState::commit_directly() {
    // Ordered: no metadata goes home that speaks of data not yet there.
    if (journal.is_attached() || data_in_flight_[0] + data_in_flight_[1] != 0)
        return Failure(Errno::busy);
    if (has_nothing_to_commit())
        return source.flush();
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
    next_transaction();
    transaction_done();
    return {};
}

Result<> VolumeState::withhold(BlockRange range, FreedKind kind) {
    if (kind == FreedKind::metadata)
        revoked_ += range.count;
    if (withheld_ && withheld_->kind == kind &&
        withheld_->range.start == range.start + range.count) {
        withheld_->range.start = range.start;
        withheld_->range.count += range.count;
        return {};
    }
    if (withheld_ && withheld_->kind == kind &&
        withheld_->range.start + withheld_->range.count == range.start) {
        withheld_->range.count += range.count;
        return {};
    }
    auto* entry = new (base::fallible) Withheld{range, kind, withheld_};
    if (!entry)
        return Failure(Errno::nomem);
    withheld_ = entry;
    return {};
}

// The first block from `start` on that the list does not withhold, at least.
u64 VolumeState::skip(const Withheld* list, u64 start) {
    for (const Withheld* entry = list; entry; entry = entry->next)
        if (start - entry->range.start < entry->range.count)
            start = entry->range.start + entry->range.count;
    return start;
}

// The first block from `start` on, before `stop`, that the list withholds.
u64 VolumeState::stop(const Withheld* list, u64 start, u64 stop) {
    for (const Withheld* entry = list; entry; entry = entry->next)
        if (entry->range.start > start && entry->range.start < stop)
            stop = entry->range.start;
    return stop;
}

BlockRange VolumeState::available(BlockRange range) const {
    u64 start = range.start;
    const u64 end = range.start + range.count;
    for (u64 before = ~u64{0}; before != start && start < end;) {
        before = start;
        start = skip(ended_, skip(withheld_, start));
    }
    if (start >= end)
        return {end, 0};
    return {start, stop(ended_, start, stop(withheld_, start, end)) - start};
}

Result<> VolumeState::reserve(u64 blocks) {
    const u64 free = free_blocks > 0 ? static_cast<u64>(free_blocks) : 0;
    if (promise_for(reserved_ + blocks) > free)
        return Failure(Errno::nospc);
    reserved_ += blocks;
    return {};
}

} // namespace core::file
