// SPDX-License-Identifier: BSD-2-Clause
// Requests that a home gets in one go, because entering it is what costs: their handlers run one
// after the other, and nothing else of the instance's runs between them.
#pragma once

#include "abi/component/request.h"
#include "abi/component/server_calls.h"
#include "core/gate/call.h"

namespace core {

struct Batch {
    static constexpr u32 capacity = component::server::batch_capacity;
    // Together their buffers are no longer: a hold waits for all of them.
    static constexpr u64 most_bytes = 0x4'0000;

    GateCall* calls[capacity];
    u64 ids[capacity]; // calls[] may be over before the batch is
    u32 count = 0;     // 0: none is under way

    // Of the home.
    component::Answer answers[capacity];
    u32 answered = 0; // the first ones; all, unless one answered busy or the home ended
    // Index of the call whose handler runs. Written by the home's process, so it may be anything.
    const u32* running = nullptr;
};

} // namespace core
