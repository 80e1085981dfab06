// SPDX-License-Identifier: BSD-2-Clause
// Gate: what a client holds instead of a component. It names one service of an instance; behind it
// the instance may move, die and be replaced. Gates are owned by the instance record, which
// outlives homes.
#pragma once

#include <span>

#include "base/ref.h"
#include "core/gate/strand.h"

namespace core {

// Who owns gates. A client that keeps a gate keeps a reference to its owner.
class GateOwner : public RefCounted<GateOwner> {
public:
    virtual ~GateOwner() = default;
};

class Gate {
public:
    Gate(Strand& strand, u32 service, std::span<const component::OperationInfo> operations)
        : strand_(strand), service_(service), operations_(operations) {}

    // Hands the request over. done: call.reply is set. pending: call.completed follows. Any context
    // that holds no lock of an order above `gate`; best none at all.
    SubmitOutcome submit(GateCall& call) {
        ASSERT(call.request.operation < operations_.size());
        call.operations_ = operations_.data();
        call.request.service = service_;
        return strand_.submit(call);
    }
    // Waits for the reply. Process context, no locks held. Errors: the reply's.
    Result<u64> call(GateCall& call) {
        call.operations_ = operations_.data();
        call.request.service = service_;
        strand_.call(call);
        if (!call.reply.ok())
            return Failure(call.reply.error());
        return call.reply.value;
    }
    // For operations flagged untracked.
    component::Answer call_untracked(component::Request& request) {
        request.service = service_;
        return strand_.call_untracked(request);
    }

    Strand& strand() const { return strand_; }
    u32 service() const { return service_; }
    std::span<const component::OperationInfo> operations() const { return operations_; }

private:
    Strand& strand_;
    const u32 service_;
    const std::span<const component::OperationInfo> operations_;
};

} // namespace core
