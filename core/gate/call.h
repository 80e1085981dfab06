// SPDX-License-Identifier: BSD-2-Clause
// GateCall: one request on its way through a gate. The client owns the memory and leaves it alone
// from submit until `completed` is called (or submit answered done), so nothing is allocated on the
// way.
#pragma once

#include <atomic>
#include <span>

#include "abi/component/request.h"
#include "base/address.h"
#include "base/list.h"
#include "core/gate/protocol.h"

namespace core {

class Strand;

// A physically contiguous piece of RAM.
struct BufferPiece {
    PhysAddr address;
    u64 length;
};

class GateCall {
public:
    // Called once, never inside the client's own submit: from a worker, from an interrupt's end, or
    // from another thread's blocking call. May not sleep; may submit again. Owns the call again.
    using Completed = void (*)(GateCall&);

    GateCall() = default;
    GateCall(const GateCall&) = delete;
    GateCall& operator=(const GateCall&) = delete;

    component::Request request;
    component::Reply reply;
    // What ObjectId::own_request means in `request.buffer`; pinned by the client until completion.
    std::span<const BufferPiece> pieces;
    Completed completed = nullptr;
    // What Env::request_services gives the component while it serves this request.
    const void* services = nullptr;

    CallState state() const { return state_; }
    // How often the request was given to a fresh instance after a crash.
    u8 repeats() const { return repeats_; }

    // For finish_calls and wake_caller.
    void mark_completed() {
        state_ = CallState::client;
        deaths_ = 0;
    }
    std::atomic<u32>& waiting() { return waiting_; }

    ListLink link; // the strand's while submitted, the client's otherwise

private:
    friend class Strand;
    friend class Gate;

    bool may_repeat() const {
        using component::OperationFlags;
        return operations_ && has_flag(operations_[request.operation].flags,
                                       OperationFlags::idempotent | OperationFlags::repeatable |
                                           OperationFlags::published);
    }

    // It may be repeated whatever became of it: a batch that ends half way says no more. And its
    // buffer bounds its work, unlike that of discarding a range.
    bool may_be_batched() const {
        using component::OperationFlags;
        if (!operations_)
            return false;
        const OperationFlags flags = operations_[request.operation].flags;
        return has_flag(flags, OperationFlags::idempotent) &&
               (request.buffer.length != 0 || !has_flag(flags, OperationFlags::ordered_on_range));
    }

    bool is_timed() const {
        return operations_ &&
               has_flag(operations_[request.operation].flags, component::OperationFlags::timed);
    }

    CallState state_ = CallState::client;
    u8 repeats_ = 0;
    u8 deaths_ = 0;              // lives that ended over it
    bool is_with_child_ = false; // its handler waits for a child; owner of the strand
    u64 sequence_ = 0;                                     // order of issue
    const component::OperationInfo* operations_ = nullptr; // of its gate's interface
    std::atomic<u32> waiting_{0};
};

using CallList = List<GateCall, &GateCall::link>;

// Runs the `completed` of every call in the list, or has the worker of the gates do it. Any
// context.
void finish_calls(CallList& calls);
void defer_calls(CallList& calls);

} // namespace core
