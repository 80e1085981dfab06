// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/block_device.h"

#include <algorithm>

#include "core/gate/waiting.h"
#include "core/memory/kernel_map.h"

namespace core {

using component::Block;

BlockDevice::~BlockDevice() { delete queue_; }

u64 BlockDevice::capacity() const {
    return is_partition() ? sector_count_ : disk_->queue_->properties().capacity;
}

namespace {

// Ends a request that never reaches the device; completions never run inside submit.
void refuse(GateCall& call, GateCall::Completed completed, Errno why) {
    call.reply = {static_cast<i32>(why), 0, 0};
    call.completed = completed;
    CallList calls;
    calls.push_back(call);
    defer_calls(calls);
}

} // namespace

void BlockDevice::submit(BlockRequest& request) {
    const component::BlockProperties& limits = properties();
    const bool is_flush = request.operation == Block::Operation::flush;
    const u64 sectors_per_unit = limits.sector_size / 512;
    Errno why = Errno::io;
    bool sound = !is_gone();
    if (sound && !is_flush &&
        (request.sector > capacity() || request.sectors > capacity() - request.sector)) {
        why = Errno::nospc;
        sound = false;
    } else if (sound && (request.sector | request.sectors) % sectors_per_unit != 0) {
        why = Errno::inval;
        sound = false;
    } else if (sound && request.is_write() && limits.read_only) {
        why = Errno::rofs;
        sound = false;
    } else if (sound &&
               ((request.operation == Block::Operation::discard && !limits.discard) ||
                (request.operation == Block::Operation::write_zeroes && !limits.write_zeroes))) {
        why = Errno::opnotsupp;
        sound = false;
    }
    if (!sound) {
        refuse(
            request.call_,
            [](GateCall& call) {
                BlockRequest& ended = BlockQueue::request_of(call);
                ended.completed(ended, Failure(call.reply.error()));
            },
            why);
        return;
    }
    disk_->queue_->submit_at(request, first_sector_ + request.sector);
}

Result<> BlockDevice::transfer(BlockRequest& request) {
    request.waiting_.store(1, std::memory_order_relaxed);
    request.completed = [](BlockRequest& ended, Result<> outcome) {
        ended.outcome_ = outcome;
        wake_waiting(ended.waiting_);
    };
    submit(request);
    wait_for_call(request.waiting_);
    return request.outcome_;
}

Result<> BlockDevice::transfer_kernel_memory(BlockRequest::Operation operation, u64 offset,
                                             u8* memory, usize size) {
    if ((offset | size) % sector_size() != 0)
        return Failure(Errno::inval);
    constexpr usize batch = 16;
    while (size != 0) {
        BufferPiece pieces[batch];
        usize used = 0;
        u64 bytes = 0;
        while (used < batch && bytes < size) {
            const u64 address = reinterpret_cast<u64>(memory) + bytes;
            const u64 here = std::min<u64>(size - bytes, page_size - address % page_size);
            pieces[used++] = {physical_of(KernelVirt(address)), here};
            bytes += here;
        }
        // Pages may cut a sector of the device in two; the part then ends before that sector.
        bytes -= bytes % sector_size();
        BlockRequest request;
        request.operation = operation;
        request.sector = offset / 512;
        request.sectors = static_cast<u32>(bytes / 512);
        request.pieces = {pieces, used};
        TRY(transfer(request));
        offset += bytes;
        memory += bytes;
        size -= bytes;
    }
    return {};
}

Result<> BlockDevice::read(u64 offset, std::span<u8> to) {
    return transfer_kernel_memory(Block::Operation::read, offset, to.data(), to.size());
}

Result<> BlockDevice::write(u64 offset, std::span<const u8> from) {
    return transfer_kernel_memory(Block::Operation::write, offset, const_cast<u8*>(from.data()),
                                  from.size());
}

Result<> BlockDevice::flush() {
    if (!properties().write_cache)
        return {};
    BlockRequest request;
    request.operation = Block::Operation::flush;
    return transfer(request);
}

// --- uses

namespace {
constinit UnusedListener g_unused_listener = nullptr; // set before the first use
} // namespace

void set_unused_listener(UnusedListener listener) { g_unused_listener = listener; }

bool BlockDevice::retire_if_unused() {
    u32 unused = 0;
    return disk_->uses_.compare_exchange_strong(unused, retired, std::memory_order_acq_rel) ||
           is_retired();
}

void BlockDevice::end_retirement() {
    disk_->uses_.fetch_and(~retired, std::memory_order_acq_rel);
}

BlockUse::BlockUse(Ref<BlockDevice> device) : device_(std::move(device)) {
    device_->uses_.fetch_add(1, std::memory_order_acq_rel);
    if (device_->is_partition())
        device_->disk().uses_.fetch_add(1, std::memory_order_acq_rel);
}

BlockUse::~BlockUse() {
    BlockDevice& disk = device_->disk();
    if (device_->is_partition())
        device_->uses_.fetch_sub(1, std::memory_order_acq_rel);
    if (disk.uses_.fetch_sub(1, std::memory_order_acq_rel) == 1 && g_unused_listener)
        g_unused_listener(disk);
}

} // namespace core
