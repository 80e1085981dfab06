// SPDX-License-Identifier: BSD-2-Clause
// The journal's later half: what is committed goes home, and the log's tail follows.
#include "base/sort.h"
#include "core/file/journal.h"
#include "core/file/journal_writer.h"
#include "core/file/volume_state.h"

namespace core::file {

Result<> Journal::Writer::append(std::span<const u8> block) {
    if (left_ == 0)
        return Failure(Errno::proto); // the records are more than they may be
    const u64 place = journal_.physical_of(position_) * block.size();
    if (used_ == most_pieces || (used_ > 0 && place != begin_ + used_ * block.size()))
        TRY(write_out());
    if (used_ == 0)
        begin_ = place;
    pieces_[used_++] = block;
    position_ = journal_.after(position_, 1);
    --left_;
    return {};
}

Result<> Journal::Writer::write_out() {
    const u32 count = std::exchange(used_, 0);
    return count == 0 ? Result<>() : journal_.volume_.source.write_pieces(begin_, {pieces_, count});
}

// Room for a transaction of `wanted` blocks.
Result<> Journal::make_room(LogScribe& scribe, u64 wanted) {
    if (free_blocks() <= wanted)
        TRY(bring_home(scribe));
    return free_blocks() > wanted ? Result<>() : Failure(Errno::nospc);
}

Result<> Journal::bring_home(LogScribe& scribe) {
    if (tail_ == head_ && homeless_.empty())
        return {};
    while (!homeless_.empty())
        TRY(write_home());
    // The log's copies are the only ones until the others are durable; and what they give up is
    // written over only when the superblock is.
    TRY(volume_.source.flush());
    TRY(write_superblock(scribe, sequence_, head_));
    tail_ = head_;
    return {};
}

namespace {

struct Homeless {
    MetadataBlock* block;
    bool operator<(const Homeless& other) const { return block->number < other.block->number; }
};

} // namespace

// The oldest few, in the order of the disk.
Result<> Journal::write_home() {
    constexpr u32 most = 64;
    Homeless some[most];
    u32 count = 0;
    for (MetadataBlock& block : homeless_) {
        if (count == most)
            break;
        some[count++].block = &block;
    }
    base::sort(std::span(some, count));
    const u32 block_size = volume_.cache.block_size();
    for (u32 at = 0; at < count;) {
        std::span<const u8> pieces[Writer::most_pieces];
        const u64 first = some[at].block->number;
        u32 run = 0;
        while (at < count && run < Writer::most_pieces && some[at].block->number == first + run)
            pieces[run++] = {some[at++].block->homeless->data(), block_size};
        TRY(volume_.source.write_pieces(first * block_size, {pieces, run}));
    }
    volume_.host.lock();
    for (u32 i = 0; i < count; ++i)
        settle(*some[i].block);
    volume_.host.unlock();
    return {};
}

// It is home, or has none any more.
void Journal::settle(MetadataBlock& block) {
    block.home_link.unlink();
    block.homeless = {};
    --homeless_count_;
    block.drop_reference();
}

// Only its first sector ever changes, which is written whole or not at all.
Result<> Journal::write_superblock(LogScribe& scribe, u32 sequence, u32 start) {
    const u32 block_size = volume_.cache.block_size();
    u8* const text = scribe.text() + component::log_record_text;
    begin_record(scribe);
    scribe.exchange().record.sequence = sequence;
    scribe.exchange().record.start = start;
    __builtin_memcpy(text, superblock_->data(), block_size);
    TRY(scribe.run(component::FileSystem::Operation::log_superblock));
    TRY(volume_.source.write_through(pieces_[0].start * block_size,
                                     {text, volume_.source.sector_size()}));
    __builtin_memcpy(superblock_->data(), text, block_size);
    return {};
}

Result<> Journal::close(LogScribe& scribe) {
    if (!is_attached())
        return {};
    TRY(commit(scribe));
    TRY(bring_home(scribe));
    TRY(write_superblock(scribe, sequence_, 0));
    volume_.host.lock();
    detach();
    volume_.host.unlock();
    return {};
}

} // namespace core::file
