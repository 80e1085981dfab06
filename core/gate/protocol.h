// SPDX-License-Identifier: BSD-2-Clause
// The gate protocol as one table: phases of a strand behind its gates, and what moves it from one
// to the next. strand.cpp takes every step through next_phase(); protocol_test.cpp explores the
// table with requests, crashes and moves in all orders. There is no other place that changes a
// phase.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/types.h"

namespace core {

enum class GatePhase : u8 {
    open,     // requests run
    draining, // hold asked for: new requests queue, handlers inside finish or are abandoned
    held,     // nobody inside; arena and in-flight table stand still
    broken,   // the instance died: what it still answers is refused
    failed,   // given up: every request is answered with io
};

enum class GateEvent : u8 {
    hold,    // a mover wants the instance to stand still
    drained, // the last handler left
    rebind,  // another home maps the arena: requests in flight stay in flight
    release, // requests run again, the held ones first, in order
    crash,   // the instance ended, whatever it was doing
    restart, // a fresh instance is bound: requests in flight return to the queue, in order
    give_up, // no instance will come: answer everything with io
    revive,  // an operator brings a failed one back
};

struct GateStep {
    GatePhase from;
    GateEvent event;
    GatePhase to;
    bool new_epoch; // answers given under the former epoch are refused from here on
};

inline constexpr std::array gate_steps = {
    GateStep{GatePhase::open, GateEvent::hold, GatePhase::draining, false},
    GateStep{GatePhase::draining, GateEvent::drained, GatePhase::held, false},
    GateStep{GatePhase::draining, GateEvent::release, GatePhase::open, false},
    GateStep{GatePhase::held, GateEvent::rebind, GatePhase::held, true},
    GateStep{GatePhase::held, GateEvent::release, GatePhase::open, false},
    GateStep{GatePhase::open, GateEvent::crash, GatePhase::broken, true},
    GateStep{GatePhase::draining, GateEvent::crash, GatePhase::broken, true},
    GateStep{GatePhase::held, GateEvent::crash, GatePhase::broken, true},
    GateStep{GatePhase::broken, GateEvent::restart, GatePhase::held, true},
    GateStep{GatePhase::broken, GateEvent::give_up, GatePhase::failed, false},
    GateStep{GatePhase::held, GateEvent::give_up, GatePhase::failed, true},
    GateStep{GatePhase::failed, GateEvent::revive, GatePhase::broken, false},
};

// The step for an event in a phase; none if the event may not occur there.
constexpr std::optional<GateStep> next_phase(GatePhase phase, GateEvent event) {
    for (const GateStep& step : gate_steps) {
        if (step.from == phase && step.event == event)
            return step;
    }
    return {};
}

// Where a request is between its client's submit and its completion.
enum class CallState : u8 {
    client, // with its client: not submitted, or completed
    queued, // in the hold queue
    issued, // an instance has it; it is in the in-flight table
    ending, // answered; the client has not been told yet
};

constexpr std::string_view gate_phase_name(GatePhase phase) {
    constexpr std::string_view names[] = {"open", "draining", "held", "broken", "failed"};
    return names[static_cast<u8>(phase)];
}

} // namespace core
