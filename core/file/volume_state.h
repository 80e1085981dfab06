// SPDX-License-Identifier: BSD-2-Clause
// What the core keeps of a mounted volume: metadata cache, the running transaction, blocks withheld
// from reuse, space promised to pages not yet on disk. Guarded by the volume's lock.
#pragma once

#include "abi/component/file_system.h"
#include "core/file/journal.h"

namespace core::file {

// Where a volume gets the time, chance and a log from, and who keeps its requests apart: a test,
// which has one thread, has no need of that.
class VolumeHost {
public:
    virtual void report(const char* text, usize length) = 0;
    virtual i64 now() = 0; // nanoseconds since 1970
    virtual u32 random() = 0;
    // The volume's lock, held during each of a component's calls.
    virtual void lock() {}
    virtual void unlock() {}
    // Around a wait inside such a call: lets others have the lock, and other handlers run.
    // `end_wait` answers false, without the lock, when the handler was abandoned meanwhile: then
    // abandon() leaves it for good, destroying nothing on its stack.
    virtual void* begin_wait() { return nullptr; }
    virtual bool end_wait(void*) { return true; }
    [[noreturn]] virtual void abandon(void*) { __builtin_trap(); }
    // Returns when all data granted up to transaction `number` is on disk. Not locked.
    virtual void wait_for_data(u64 number) { (void)number; }
    // Tells handlers apart; never 0.
    virtual u64 caller() { return 1; }

protected:
    ~VolumeHost() = default;
};

class VolumeState {
public:
    VolumeState(BlockSource& source, VolumeHost& host)
        : source(source), host(host), cache(source, 1024) {}
    ~VolumeState();

    // The component has mounted it.
    void mounted(const component::VolumeInfo& info);
    // Forgets all that was published and not committed, and every cached block.
    void start_over(u32 block_size);

    // Where there is no log: everything published so far goes home, after the data it refers to.
    // Locked. Errors: io; then the blocks concerned stay dirty. busy: there is a log, or data is on
    // its way.
    Result<> commit_directly();

    // Blocks freed in the running transaction are nobody's until it is committed. Errors: nomem.
    Result<> withhold(component::BlockRange range, component::FreedKind kind);
    component::BlockRange available(component::BlockRange range) const;
    // The running transaction ends and another begins; of the first, `dirty` is the caller's to
    // take before. What it frees stays withheld until transaction_done().
    void next_transaction();
    void transaction_done();
    // What is freed in the transaction that has ended and may be in the log: calls `visit` with
    // each range.
    template <typename Visit>
    void for_each_revoked(Visit visit) const {
        for (const Withheld* entry = ended_; entry; entry = entry->next)
            if (entry->kind == component::FreedKind::metadata)
                visit(entry->range);
    }
    bool has_nothing_to_commit() const { return cache.dirty.empty() && !withheld_; }
    // Whether the running transaction may take a change set with so many blocks more.
    bool has_room_for(u32 edits, u64 revokes) const {
        return journal.has_room_for(u64{cache.dirty_count} + edits, revoked_ + revokes,
                                    cache.dirty_count == 0);
    }

    // Space for blocks that have none yet, and for what the format needs to keep them.
    // Errors: nospc.
    Result<> reserve(u64 blocks);
    // Blocks that are spoken for.
    u64 promised() const { return promise_for(reserved_); }
    void unreserve(u64 blocks) { reserved_ -= blocks < reserved_ ? blocks : reserved_; }
    u64 reserved() const { return reserved_; }

    // A grant's data is on its way; commit waits until all of it is on disk. Answers the number of
    // the running transaction, for data_done().
    u64 data_begun() {
        ++data_in_flight_[transaction & 1];
        return transaction;
    }
    void data_done(u64 begun_in) { --data_in_flight_[begun_in & 1]; }
    // What was begun while transaction `number` ran. Commits go one by one: no more than two are
    // told apart.
    u32 data_in_flight(u64 number) const { return data_in_flight_[number & 1]; }

    BlockSource& source;
    VolumeHost& host;
    MetadataCache cache;
    Journal journal{*this};
    u64 publish_count = 0;
    u32 delay_overhead = 0; // VolumeInfo::delay_overhead
    u32 mount_state = 0;    // component::volume_state
    u64 transaction = 1;    // number of the running one
    u64 committed = 0;      // of the last one that is durable
    i64 free_blocks = 0;    // as the component has published
    i64 free_inodes = 0;

private:
    u64 promise_for(u64 blocks) const {
        // A few more for what happens once per file, not once per block.
        constexpr u64 slack = 8;
        return blocks == 0 ? 0 : blocks + blocks * delay_overhead / 256 + slack;
    }

    struct Withheld {
        component::BlockRange range;
        component::FreedKind kind;
        Withheld* next;
    };
    static void forget(Withheld*& list);
    static u64 skip(const Withheld* list, u64 start);
    static u64 stop(const Withheld* list, u64 start, u64 stop);

    Withheld* withheld_ = nullptr; // freed by the running transaction
    Withheld* ended_ = nullptr;    // by the one that is being committed
    u64 revoked_ = 0;              // blocks of metadata in withheld_
    u64 reserved_ = 0;
    u32 data_in_flight_[2] = {};
};

} // namespace core::file
