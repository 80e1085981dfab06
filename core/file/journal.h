// SPDX-License-Identifier: BSD-2-Clause
// The log of one volume: where its head and tail are, the transaction that is being committed, and
// what is committed but not yet home. How records look the component knows (LogScribe); that they
// are written in the right order, and nothing comes home too early, is seen to here:
//
// copies and revokes, data that was granted → flush → commit record, at once durable → blocks freed
// may be used again → much later: copies go home → flush → the log's superblock moves the tail.
//
// One commit at a time, by whoever owns the volume. State is guarded by the volume's lock, which is
// not held while anything is written.
#pragma once

#include "abi/component/file_system.h"
#include "core/file/metadata_cache.h"

namespace core::file {

class VolumeState;

// Requests of a commit to the component, with the one buffer that is kept for them.
class LogScribe {
public:
    virtual component::FileExchange& exchange() = 0;
    virtual u8* text() = 0;
    // The request's views show the transaction that is being committed. Errors: io and others.
    virtual Result<> run(component::FileSystem::Operation operation) = 0;

protected:
    ~LogScribe() = default;
};

class Journal {
public:
    explicit Journal(VolumeState& volume) : volume_(volume) {}
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // The log described by the exchange of begin_writing and its text is used from now on; nothing
    // is published meanwhile.
    // Errors: uclean (impossible), nomem, io.
    Result<> attach(const component::LogLayout& layout, const component::BlockRange* pieces);
    bool is_attached() const { return pieces_ != nullptr; }
    // Forgets the log and what is in memory of it.
    void detach();
    // Whether a transaction of so many copies and revoked blocks may be; `alone`: it is one change
    // set, which cannot be divided.
    bool has_room_for(u64 copies, u64 revokes, bool alone) const;
    // Nothing is taken any more.
    bool has_failed() const { return failed_; }

    // Everything published becomes durable. Not locked. Errors: io: the log takes nothing any more.
    Result<> commit(LogScribe& scribe);
    // The same; then everything goes home, the log is empty and let go.
    Result<> close(LogScribe& scribe);
    // A block of the transaction that is being committed. Locked. Errors: inval.
    Result<component::MetadataView> view(u64 number);

    u64 homeless_blocks() const { return homeless_count_; }

private:
    class Writer;
    using LoggedList = List<MetadataBlock, &MetadataBlock::log_link>;
    using HomelessList = List<MetadataBlock, &MetadataBlock::home_link>;

    u32 size() const { return end_ - first_; }
    u32 after(u32 block, u64 count) const {
        return first_ + static_cast<u32>((block - first_ + count) % size());
    }
    u64 physical_of(u32 block) const;
    u64 records_for(u64 copies, u64 revokes) const;
    u32 free_blocks() const;

    bool freeze();
    Result<> write(LogScribe& scribe);
    Result<> write_revokes(LogScribe& scribe, Writer& writer);
    Result<> write_copies(LogScribe& scribe, Writer& writer);
    Result<> write_commit(LogScribe& scribe, u32 block);
    Result<> write_superblock(LogScribe& scribe, u32 sequence, u32 start);
    void finish(u32 head);
    Result<> make_room(LogScribe& scribe, u64 wanted);
    Result<> bring_home(LogScribe& scribe);
    Result<> write_home();
    void settle(MetadataBlock& block);
    void fail();
    void begin_record(LogScribe& scribe) const;

    VolumeState& volume_;
    component::BlockRange* pieces_ = nullptr;
    u32 piece_count_ = 0;
    u32 first_ = 0;
    u32 end_ = 0;
    u32 tail_ = 0;     // as the superblock on disk has it
    u32 head_ = 0;     // where the next transaction begins
    u32 sequence_ = 0; // its number
    u32 words_[4] = {};
    bool is_marked_ = false; // the superblock on disk says that there may be something to recover
    bool failed_ = false;
    RefOrNull<BlockContents> superblock_; // the log's, as it is on disk
    RefOrNull<BlockContents> zeros_;
    LoggedList logged_; // being committed
    u64 logged_count_ = 0;
    MetadataBlock* cursor_ = nullptr; // in logged_: what is likely looked at next
    HomelessList homeless_;           // by transaction, oldest first
    u64 homeless_count_ = 0;
};

} // namespace core::file
