// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/block_queue.h"

#include <algorithm>

#include "base/owner_of.h"
#include "core/gate/waiting.h"

namespace core {

using component::Block;

namespace {

component::BufferRights rights_of(Block::Operation operation) {
    return operation == Block::Operation::read    ? component::BufferRights::write
           : operation == Block::Operation::write ? component::BufferRights::read
                                                  : component::BufferRights::none;
}

bool carries_data(Block::Operation operation) {
    return operation == Block::Operation::read || operation == Block::Operation::write;
}

} // namespace

BlockQueue::BlockQueue(Gate& gate, const component::BlockProperties& properties)
    : gate_(gate), properties_(properties) {
    properties_.queue_depth = std::max(properties_.queue_depth, 1u);
    properties_.max_segments = std::max(properties_.max_segments, 1u);
}

void BlockQueue::update(const component::BlockProperties& now) {
    // A fresh life says the same again: nothing is written then that others read.
    const auto change = [](auto& is, const auto& becomes) {
        if (is != becomes)
            is = becomes;
    };
    change(properties_.capacity, now.capacity);
    change(properties_.sector_size, now.sector_size);
    change(properties_.physical_sector_size, now.physical_sector_size);
    change(properties_.read_only, now.read_only);
}

BlockStatistics BlockQueue::statistics() {
    auto state = state_.lock();
    BlockStatistics copy = state->statistics;
    copy.in_flight = state->active_count;
    return copy;
}

void BlockQueue::submit_at(BlockRequest& request, u64 sector) {
    request.queue_ = this;
    request.start_ = sector;
    request.done_ = 0;
    request.first_piece_ = 0;
    request.merged_ = nullptr;
    request.merge_slot_ = nullptr;
    request.outcome_ = {};
    {
        auto state = state_.lock();
        const bool starts = state->waiting.empty() && may_start(*state, request);
        if (!starts) {
            state->waiting.push_back(request);
            return;
        }
        activate(*state, request);
    }
    start(request);
}

bool BlockQueue::may_start(State& state, const BlockRequest& request) const {
    if (state.active_count >= properties_.queue_depth)
        return false;
    if (!request.is_write() && state.active_writes == 0)
        return true; // reads exclude nobody
    for (const BlockRequest& other : state.active) {
        if (request.conflicts(other))
            return false;
    }
    return true;
}

void BlockQueue::activate(State& state, BlockRequest& request) {
    state.active.push_back(request);
    ++state.active_count;
    state.active_writes += request.is_write();
}

// The first waiting request that nothing before it excludes; moved to the active ones.
BlockRequest* BlockQueue::take_startable(State& state) {
    u32 looked_at = 0;
    for (BlockRequest& request : state.waiting) {
        if (++looked_at > 32)
            break;
        if (!may_start(state, request))
            continue;
        bool excluded = false;
        for (const BlockRequest& earlier : state.waiting) {
            if (&earlier == &request)
                break;
            excluded |= request.conflicts(earlier);
        }
        if (excluded)
            continue;
        BlockRequestList::remove(request);
        merge_followers(state, request);
        activate(state, request);
        return &request;
    }
    return nullptr;
}

// Lets waiting requests that continue `leader` on the disk travel with it.
void BlockQueue::merge_followers(State& state, BlockRequest& leader) {
    if (!carries_data(leader.operation) || leader.force_unit_access)
        return;
    const u32 limit = std::min(properties_.max_segments, MergeSlot::capacity);
    const u32 bytes_limit = properties_.max_request_bytes ? properties_.max_request_bytes : ~0u;
    MergeSlot* slot = nullptr;
    usize used = leader.pieces.size();
    BlockRequest* last = &leader;
    for (BlockRequest& next : state.waiting) {
        if (next.operation != leader.operation || next.force_unit_access ||
            next.start_ != last->start_ + last->sectors)
            break; // only what comes next in the queue, so that order is kept
        const u64 bytes = (next.start_ + next.sectors - leader.start_) * 512;
        if (used + next.pieces.size() > limit || bytes > bytes_limit)
            break;
        if (!slot) {
            for (MergeSlot& candidate : state.merges)
                slot = candidate.taken ? slot : &candidate;
            if (!slot)
                break;
            slot->taken = true;
            std::copy(leader.pieces.begin(), leader.pieces.end(), slot->pieces);
            leader.merge_slot_ = slot;
        }
        std::copy(next.pieces.begin(), next.pieces.end(), slot->pieces + used);
        used += next.pieces.size();
        BlockRequestList::remove(next);
        last->merged_ = &next;
        last = &next;
        ++state.statistics.merged[leader.operation == Block::Operation::write];
    }
    if (slot)
        leader.part_ = static_cast<u32>(used); // pieces, for start()
}

void BlockQueue::start(BlockRequest& request) {
    if (!request.merge_slot_) {
        start_part(request);
        return;
    }
    u32 sectors = 0;
    for (const BlockRequest* each = &request; each; each = each->merged_)
        sectors += each->sectors;
    GateCall& call = request.call_;
    call.pieces = {request.merge_slot_->pieces, request.part_};
    request.part_ = sectors;
    call.request.buffer = {component::ObjectId::own_request, rights_of(request.operation), 0,
                           u64{sectors} * 512};
    call.request.operation = static_cast<u16>(request.operation);
    call.request.set_payload(Block::Arguments{request.start_, sectors, 0, 0});
    call.completed = part_completed;
    if (gate_.submit(call) == SubmitOutcome::done) {
        CallList done;
        done.push_back(call);
        defer_calls(done);
    }
}

// How many sectors from done_ on the device takes at once.
u32 BlockQueue::part_size(const BlockRequest& request) const {
    const u32 left = request.sectors - request.done_;
    if (!carries_data(request.operation))
        return left;
    u64 bytes = 0;
    u32 segments = 0;
    const u64 limit = properties_.max_request_bytes ? properties_.max_request_bytes : ~u64{0};
    for (usize i = request.first_piece_;
         i < request.pieces.size() && segments < properties_.max_segments; ++i, ++segments) {
        if (bytes + request.pieces[i].length > limit)
            break;
        bytes += request.pieces[i].length;
    }
    return static_cast<u32>(std::min<u64>(left, bytes / 512));
}

void BlockQueue::start_part(BlockRequest& request) {
    GateCall& call = request.call_;
    call.completed = part_completed;
    request.part_ = part_size(request);
    if (request.part_ == 0 && request.sectors != 0) {
        // A piece larger than the device takes at once.
        call.reply = {static_cast<i32>(Errno::inval), 0, 0};
        CallList done;
        done.push_back(call);
        defer_calls(done);
        return;
    }
    const u32 flags = request.force_unit_access ? Block::flag_force_unit_access : 0;
    call.pieces = request.pieces.subspan(std::min(request.first_piece_, request.pieces.size()));
    call.request.buffer = {component::ObjectId::own_request, rights_of(request.operation), 0,
                           carries_data(request.operation) ? u64{request.part_} * 512 : 0};
    call.request.operation = static_cast<u16>(request.operation);
    call.request.set_payload(
        Block::Arguments{request.start_ + request.done_, request.part_, flags, 0});
    if (gate_.submit(call) == SubmitOutcome::done) {
        CallList done;
        done.push_back(call);
        defer_calls(done); // completions never run inside submit
    }
}

BlockRequest& BlockQueue::request_of(GateCall& call) {
    return base::owner_of(call, &BlockRequest::call_);
}

void BlockQueue::part_completed(GateCall& call) {
    BlockRequest& request = request_of(call);
    BlockQueue& queue = *request.queue_;
    if (!call.reply.ok())
        request.outcome_ = Failure(call.reply.error());
    else if (queue.continue_after(request))
        return;
    queue.finish(request);
}

// Starts the next part; false when there is none.
bool BlockQueue::continue_after(BlockRequest& request) {
    if (request.merge_slot_)
        return false;
    request.done_ += request.part_;
    if (request.done_ >= request.sectors)
        return false;
    u64 bytes = u64{request.part_} * 512;
    while (request.first_piece_ < request.pieces.size() && bytes != 0)
        bytes -= std::min(bytes, request.pieces[request.first_piece_++].length);
    start_part(request);
    return true;
}

void BlockQueue::finish(BlockRequest& request) {
    BlockRequest* next[4];
    u32 count = 0;
    {
        auto state = state_.lock();
        BlockRequestList::remove(request);
        --state->active_count;
        state->active_writes -= request.is_write();
        if (request.merge_slot_)
            request.merge_slot_->taken = false;
        if (request.operation == Block::Operation::flush)
            ++state->statistics.flushes;
        for (const BlockRequest* each = &request; each; each = each->merged_) {
            const bool writes = each->is_write();
            ++state->statistics.requests[writes];
            state->statistics.sectors[writes] += each->sectors;
        }
        while (count < 4 && (next[count] = take_startable(*state)))
            ++count;
    }
    for (u32 i = 0; i < count; ++i)
        start(*next[i]);
    const Result<> outcome = request.outcome_;
    for (BlockRequest* each = &request; each;) {
        BlockRequest* following = each->merged_; // the client may free it
        each->completed(*each, outcome);
        each = following;
    }
}

} // namespace core
