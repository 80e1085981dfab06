// SPDX-License-Identifier: BSD-2-Clause
// BlockRequest: one transfer between pieces of RAM and a block device. The client owns it, and the
// memory its pieces name, until `completed` is called.
#pragma once

#include "abi/component/block.h"
#include "core/gate/gate.h"

namespace core {

class BlockRequest {
public:
    using Operation = component::Block::Operation;
    // Called once per submit, from a worker or an interrupt's end, never inside submit. May not
    // sleep; may submit. `outcome`: io, nospc (beyond the end), rofs, opnotsupp.
    using Completed = void (*)(BlockRequest& request, Result<> outcome);

    BlockRequest() = default;
    BlockRequest(const BlockRequest&) = delete;
    BlockRequest& operator=(const BlockRequest&) = delete;

    Operation operation = Operation::read;
    bool force_unit_access = false; // write: on stable storage when it completes
    u64 sector = 0;                 // of 512 bytes, in the device or partition submitted to
    u32 sectors = 0;                // read and write: what the pieces hold; flush: 0
    std::span<const BufferPiece> pieces; // lengths are multiples of the device's sector
    Completed completed = nullptr;

    ListLink link; // the device's while submitted, the client's otherwise

private:
    friend class BlockDevice;
    friend class BlockQueue;

    bool is_write() const { return operation != Operation::read && operation != Operation::flush; }
    bool overlaps(const BlockRequest& other) const {
        return start_ < other.start_ + other.sectors && other.start_ < start_ + sectors;
    }
    // Two that may not be on their way together.
    bool conflicts(const BlockRequest& other) const {
        return (is_write() || other.is_write()) && overlaps(other);
    }

    GateCall call_;
    u64 start_ = 0;         // sector on the whole disk
    u32 done_ = 0;          // sectors finished, when the device takes it in parts only
    u32 part_ = 0;          // sectors in the part on its way
    usize first_piece_ = 0; // of the part
    class BlockQueue* queue_ = nullptr;
    BlockRequest* merged_ = nullptr; // the next one that travels with this
    struct MergeSlot* merge_slot_ = nullptr;
    Result<> outcome_;
    std::atomic<u32> waiting_{0};
};

using BlockRequestList = List<BlockRequest, &BlockRequest::link>;

} // namespace core
