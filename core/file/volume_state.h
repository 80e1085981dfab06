// SPDX-License-Identifier: BSD-2-Clause
// What the core keeps of a mounted volume: metadata cache, the running transaction, blocks withheld
// from reuse, space promised to pages not yet on disk. Guarded by the volume's lock.
#pragma once

#include "abi/component/file_system.h"
#include "core/file/metadata_cache.h"

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

    // Everything published so far goes home, after the data it refers to. Errors: io; then the
    // blocks concerned stay dirty.
    Result<> commit();

    // Blocks freed in the running transaction are nobody's until it is committed.
    Result<> withhold(component::BlockRange range);
    component::BlockRange available(component::BlockRange range) const;

    // Space for blocks that have none yet, and for what the format needs to keep them.
    // Errors: nospc.
    Result<> reserve(u64 blocks);
    // Blocks that are spoken for.
    u64 promised() const { return promise_for(reserved_); }
    void unreserve(u64 blocks) { reserved_ -= blocks < reserved_ ? blocks : reserved_; }
    u64 reserved() const { return reserved_; }

    // A grant's data is on its way; commit waits until all of it is on disk.
    void data_begun() { ++data_in_flight_; }
    void data_done() { --data_in_flight_; }

    BlockSource& source;
    VolumeHost& host;
    MetadataCache cache;
    u64 publish_count = 0;
    u32 delay_overhead = 0; // VolumeInfo::delay_overhead
    u32 mount_state = 0;    // component::volume_state
    u64 transaction = 1;    // number of the running one
    i64 free_blocks = 0;    // as the component has published
    i64 free_inodes = 0;
    u32 data_in_flight() const { return data_in_flight_; }

private:
    u64 promise_for(u64 blocks) const {
        // A few more for what happens once per file, not once per block.
        constexpr u64 slack = 8;
        return blocks == 0 ? 0 : blocks + blocks * delay_overhead / 256 + slack;
    }

    void forget_withheld();

    struct Withheld {
        component::BlockRange range;
        Withheld* next;
    };
    Withheld* withheld_ = nullptr;
    u64 reserved_ = 0;
    u32 data_in_flight_ = 0;
};

} // namespace core::file
