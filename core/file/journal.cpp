// SPDX-License-Identifier: BSD-2-Clause
// Committing. What is brought home later: journal_home.cpp.
#include "core/file/journal.h"

#include "base/allocate.h"
#include "core/file/journal_writer.h"
#include "core/file/volume_state.h"

namespace core::file {

using component::BlockRange;
using component::LogLayout;
using component::LogRecord;
using Operation = component::FileSystem::Operation;

Journal::~Journal() { detach(); }

Result<> Journal::attach(const LogLayout& layout, const BlockRange* pieces) {
    detach();
    constexpr u32 smallest = 512; // of which a quarter is one transaction: more than a change set
    const u64 device_blocks = volume_.cache.device_blocks();
    u64 blocks = 0;
    for (u32 i = 0; i < layout.pieces; ++i) {
        if (pieces[i].count == 0 || pieces[i].start >= device_blocks ||
            pieces[i].count > device_blocks - pieces[i].start)
            return Failure(Errno::uclean);
        blocks += pieces[i].count;
    }
    if (layout.first == 0 || layout.end > blocks || layout.end < layout.first + smallest)
        return Failure(Errno::uclean);
    const u32 block_size = volume_.cache.block_size();
    const Ref<BlockContents> superblock = TRY(BlockContents::create(block_size));
    const Ref<BlockContents> zeros = TRY(BlockContents::create(block_size));
    __builtin_memset(zeros->data(), 0, block_size);
    TRY(volume_.source.read(pieces[0].start * block_size, {superblock->data(), block_size}));
    auto* copy = new (base::fallible) BlockRange[layout.pieces];
    if (!copy)
        return Failure(Errno::nomem);
    for (u32 i = 0; i < layout.pieces; ++i)
        copy[i] = pieces[i];
    superblock_ = superblock;
    zeros_ = zeros;
    piece_count_ = layout.pieces;
    first_ = head_ = tail_ = layout.first;
    end_ = layout.end;
    sequence_ = layout.sequence;
    __builtin_memcpy(words_, layout.words, sizeof(words_));
    // It changes behind the cache's back.
    volume_.cache.forget(copy[0].start, 1, 0);
    pieces_ = copy;
    return {};
}

void Journal::detach() {
    while (!logged_.empty()) {
        MetadataBlock& block = logged_.front();
        block.log_link.unlink();
        block.logged = {};
        block.drop_reference();
    }
    while (!homeless_.empty())
        settle(homeless_.front());
    logged_count_ = 0;
    cursor_ = nullptr;
    delete[] pieces_;
    pieces_ = nullptr;
    is_marked_ = failed_ = false;
}

u64 Journal::physical_of(u32 block) const {
    u64 left = block;
    u32 piece = 0;
    while (left >= pieces_[piece].count)
        left -= pieces_[piece++].count;
    return pieces_[piece].start + left;
}

// Blocks of records that so many copies and revoked blocks need at most, the commit block included.
u64 Journal::records_for(u64 copies, u64 revokes) const {
    // jbd2's largest tags: 16 bytes, after a header of 12, with a UUID of 16 once and a tail of 4.
    const u64 block_size = volume_.cache.block_size();
    u64 tags = (block_size - 32) / 16;
    tags = tags < component::log_record_copies ? tags : component::log_record_copies;
    u64 numbers = (block_size - 20) / 8;
    numbers = numbers < component::log_record_blocks ? numbers : component::log_record_blocks;
    return (copies + tags - 1) / tags + (revokes + numbers - 1) / numbers + 1;
}

bool Journal::has_room_for(u64 copies, u64 revokes, bool alone) const {
    if (!is_attached())
        return true;
    const u64 total = copies + records_for(copies, revokes);
    return total <= (alone ? size() - 2 : size() / 4);
}

u32 Journal::free_blocks() const {
    const u32 used = (head_ + size() - tail_) % size();
    return size() - used;
}

// The running transaction becomes the one that is committed. False if it is empty.
bool Journal::freeze() {
    if (volume_.has_nothing_to_commit())
        return false;
    while (!volume_.cache.dirty.empty()) {
        MetadataBlock& block = volume_.cache.dirty.front();
        volume_.cache.mark_clean(block);
        block.add_reference();
        block.logged = block.contents;
        logged_.push_back(block);
        ++logged_count_;
    }
    volume_.next_transaction();
    return true;
}

Result<> Journal::commit(LogScribe& scribe) {
    if (failed_)
        return Failure(Errno::io);
    volume_.host.lock();
    const bool frozen = freeze();
    const u64 number = volume_.transaction - 1;
    volume_.host.unlock();
    if (!frozen)
        return volume_.source.flush();
    volume_.host.wait_for_data(number);
    Result<> outcome = write(scribe);
    // Not in the way of the next one, if it can be helped.
    constexpr u64 most_homeless = 1024;
    if (outcome && (homeless_count_ > most_homeless || free_blocks() < size() / 2))
        outcome = bring_home(scribe);
    if (!outcome)
        fail();
    return outcome;
}

// What the log does not take cannot become durable any more.
void Journal::fail() {
    constexpr std::string_view text = "the journal cannot be written: read-only from now on";
    failed_ = true;
    volume_.host.report(text.data(), text.size());
    volume_.host.lock();
    volume_.mount_state |= component::volume_state::damaged | component::volume_state::read_only;
    volume_.host.unlock();
}

void Journal::begin_record(LogScribe& scribe) const {
    LogRecord& record = scribe.exchange().record;
    record = {};
    record.sequence = sequence_;
    record.time = volume_.host.now();
    __builtin_memcpy(record.words, words_, sizeof(words_));
}

Result<> Journal::write(LogScribe& scribe) {
    u64 revokes = 0;
    volume_.for_each_revoked([&](BlockRange range) { revokes += range.count; });
    const u64 room = logged_count_ + records_for(logged_count_, revokes);
    TRY(make_room(scribe, room));
    if (!is_marked_) {
        TRY(write_superblock(scribe, sequence_, head_));
        is_marked_ = true;
        tail_ = head_;
    }
    Writer writer(*this, room);
    TRY(write_revokes(scribe, writer));
    TRY(write_copies(scribe, writer));
    // The commit block's other sectors come first, so that it can be written in one piece.
    const u32 commit_block = writer.position();
    TRY(writer.append({zeros_->data(), volume_.cache.block_size()}));
    TRY(writer.write_out());
    TRY(volume_.source.flush());
    TRY(write_commit(scribe, commit_block));
    volume_.host.lock();
    finish(after(commit_block, 1));
    volume_.host.unlock();
    return {};
}

// One record of numbers after the other.
Result<> Journal::write_revokes(LogScribe& scribe, Writer& writer) {
    u64* const numbers = reinterpret_cast<u64*>(scribe.text());
    const u32 block_size = volume_.cache.block_size();
    u32 used = 0;
    Result<> outcome;
    auto put = [&](u32 least) {
        while (outcome && used >= least && used > 0) {
            begin_record(scribe);
            LogRecord& record = scribe.exchange().record;
            record.count = used;
            outcome = scribe.run(Operation::log_revoke);
            const u32 taken = record.count;
            if (outcome && (taken == 0 || taken > used))
                outcome = Failure(Errno::proto);
            if (outcome)
                outcome = writer.append({scribe.text() + component::log_record_text, block_size});
            if (outcome)
                outcome = writer.write_out();
            if (!outcome)
                return;
            used -= taken;
            __builtin_memmove(numbers, numbers + taken, used * sizeof(u64));
        }
    };
    volume_.for_each_revoked([&](BlockRange range) {
        for (u64 i = 0; i < range.count && outcome; ++i) {
            numbers[used++] = range.start + i;
            if (used == component::log_record_blocks)
                put(used);
        }
    });
    put(1);
    return outcome;
}

Result<> Journal::write_copies(LogScribe& scribe, Writer& writer) {
    u64* const numbers = reinterpret_cast<u64*>(scribe.text());
    u8* const made = scribe.text() + component::log_record_text;
    const u32 block_size = volume_.cache.block_size();
    MetadataBlock* next = logged_.empty() ? nullptr : &logged_.front();
    for (u64 left = logged_count_; left != 0;) {
        begin_record(scribe);
        LogRecord& record = scribe.exchange().record;
        MetadataBlock* block = cursor_ = next;
        for (; record.count < left && record.count < component::log_record_copies;
             block = logged_.next_of(*block))
            numbers[record.count++] = block->number;
        const u32 asked = record.count;
        TRY(scribe.run(Operation::log_describe));
        if (record.count == 0 || record.count > asked)
            return Failure(Errno::proto);
        left -= record.count;
        TRY(writer.append({made, block_size}));
        for (u32 i = 0; i < record.count; ++i, next = logged_.next_of(*next)) {
            if (!(record.escaped[i / 32] >> i % 32 & 1)) {
                TRY(writer.append({next->logged->data(), block_size}));
                continue;
            }
            TRY(writer.write_out());
            __builtin_memcpy(made, next->logged->data(), block_size);
            __builtin_memset(made, 0, sizeof(u32));
            TRY(writer.append({made, block_size}));
            TRY(writer.write_out());
        }
        TRY(writer.write_out());
    }
    return {};
}

Result<> Journal::write_commit(LogScribe& scribe, u32 block) {
    begin_record(scribe);
    TRY(scribe.run(Operation::log_commit));
    return volume_.source.write_through(
        physical_of(block) * volume_.cache.block_size(),
        {scribe.text() + component::log_record_text, volume_.source.sector_size()});
}

// The transaction is durable. Locked.
void Journal::finish(u32 head) {
    while (!logged_.empty()) {
        MetadataBlock& block = logged_.front();
        block.log_link.unlink();
        if (block.homeless) {
            block.home_link.unlink();
            block.drop_reference(); // one list less
            --homeless_count_;
        }
        block.homeless = block.logged;
        block.logged = {};
        homeless_.push_back(block);
        ++homeless_count_;
    }
    bool revokes = false;
    volume_.for_each_revoked([&](BlockRange) { revokes = true; });
    // What was freed is revoked now: its older copies stay where they are for ever.
    const u64 number = volume_.transaction - 1;
    MetadataBlock* block = revokes && !homeless_.empty() ? &homeless_.front() : nullptr;
    for (u64 left = homeless_count_; block && left != 0; --left) {
        MetadataBlock* next = left > 1 ? homeless_.next_of(*block) : nullptr;
        if (block->forgotten && block->forgotten_in <= number)
            settle(*block);
        block = next;
    }
    logged_count_ = 0;
    cursor_ = nullptr;
    head_ = head;
    ++sequence_;
    volume_.transaction_done();
}

Result<component::MetadataView> Journal::view(u64 number) {
    if (cursor_ && cursor_->number != number && cursor_ != &logged_.back())
        cursor_ = logged_.next_of(*cursor_);
    if (!cursor_ || cursor_->number != number) {
        cursor_ = nullptr;
        for (MetadataBlock& block : logged_)
            if (block.number == number)
                cursor_ = &block;
    }
    if (!cursor_)
        return Failure(Errno::inval);
    return component::MetadataView{cursor_->logged->data(), 0, 0};
}

} // namespace core::file
