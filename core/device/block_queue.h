// SPDX-License-Identifier: BSD-2-Clause
// The core's side of one disk: what waits, what is on its way, which ranges exclude each other,
// what can travel as one. Requests that touch the same sectors, one of them writing, go one after
// the other in the order they came; others may overtake.
#pragma once

#include "core/device/block_request.h"
#include "core/sync/guarded.h"

namespace core {

// Pieces of requests that are merged; a few belong to each queue.
struct MergeSlot {
    static constexpr u32 capacity = 126;
    BufferPiece pieces[capacity];
    bool taken = false;
};

struct BlockStatistics {
    u64 requests[2] = {}; // reads, writes
    u64 merged[2] = {};
    u64 sectors[2] = {};
    u64 flushes = 0;
    u32 in_flight = 0;
};

class BlockQueue {
public:
    BlockQueue(Gate& gate, const component::BlockProperties& properties);

    // Transfers at `sector` of the disk. Any context, no locks held.
    void submit_at(BlockRequest& request, u64 sector);
    const component::BlockProperties& properties() const { return properties_; }
    // The disk has become another one in what may change: size, sector, read-only. Requests that
    // are on their way meanwhile are judged by the device.
    void update(const component::BlockProperties& now);
    BlockStatistics statistics();
    static BlockRequest& request_of(GateCall& call);

private:
    static constexpr u32 merge_slots = 4;
    struct State {
        BlockRequestList waiting;
        BlockRequestList active;
        u32 active_count = 0;
        u32 active_writes = 0;
        MergeSlot merges[merge_slots];
        BlockStatistics statistics;
    };

    BlockRequest* take_startable(State& state);
    void merge_followers(State& state, BlockRequest& leader);
    bool may_start(State& state, const BlockRequest& request) const;
    static void activate(State& state, BlockRequest& request);
    void start(BlockRequest& request);
    void start_part(BlockRequest& request);
    u32 part_size(const BlockRequest& request) const;
    static void part_completed(GateCall& call);
    bool continue_after(BlockRequest& request);
    void finish(BlockRequest& request);

    Gate& gate_;
    component::BlockProperties properties_;
    Guarded<State, lock_class::device_queue> state_;
};

} // namespace core
