// SPDX-License-Identifier: BSD-2-Clause
// Faults made on purpose in one life of one instance, to see whether the rest notices. The
// component's object is untouched: a fault lies in this life's own copy of the text, in its arena,
// or in what the core passes between the strand and the handlers. The next life is sound.
#pragma once

#include <optional>
#include <string_view>

#include "abi/component/component.h"
#include "base/types.h"

namespace core {

class Instance;

enum class FaultKind : u8 {
    // Fail-stop: the component does something that is noticed.
    fault,             // reads or writes where it may not
    illegal,           // an illegal instruction
    loop,              // an endless loop
    bad_call,          // a call of Env with a wrong argument
    bad_answer,        // an answer of no known kind
    double_completion, // the same request answered twice
    missing_completion, // a request never answered
    lost_irq,          // an interrupt that never reached it
    no_memory,         // its first allocation fails
    // Text faults: one instruction is another. What follows is not known beforehand.
    bit,
    nop,
    source,
    destination,
    branch,
    pointer,
    // A bit of the arena turns over.
    state,
    // The device is told an address that was not lent to it; only where that is kept from memory.
    stray_dma,
};
inline constexpr u32 fault_kind_count = static_cast<u32>(FaultKind::stray_dma) + 1;

std::string_view fault_kind_name(FaultKind kind);
std::optional<FaultKind> parse_fault_kind(std::string_view name);

// In debug builds, and in others with the boot option `pith.inject`.
bool may_inject_faults();

// What stands between a strand and the handlers of an instance while a fault of the interface is
// armed. Written while the strand is held; otherwise its owner's.
class Injection {
public:
    // Handlers that commit the fault once, and otherwise are `clean`.
    component::Handlers arm(FaultKind kind, const component::Handlers& clean);
    // Also ends what is armed.
    void disarm() { armed_ = address_strays_ = false; }
    void lead_next_address_astray() {
        ++injected_;
        address_strays_ = true;
    }
    // Env's loans ask: true once.
    bool takes_address() {
        const bool strays = address_strays_;
        activated_ += strays;
        address_strays_ = false;
        return strays;
    }
    void fail_next_allocation() {
        ++injected_;
        allocation_fails_ = true;
    }
    // Env's allocations ask: true once.
    bool takes_allocation() {
        const bool fails = allocation_fails_;
        activated_ += fails;
        allocation_fails_ = false;
        return fails;
    }
    void count_injected() { ++injected_; }
    u32 injected() const { return injected_; }
    // Faults of the interface that were committed; others show only in what comes of them.
    u32 activated() const { return activated_; }

private:
    static component::Answer submit(component::Env& env, const component::Request& request);
    static void interrupt(component::Env& env, u32 line);
    component::Answer answer_twice(Instance& self, component::Env& env,
                                   const component::Request& request);
    void commit() {
        armed_ = false;
        ++activated_;
    }

    component::Handlers clean_;
    FaultKind kind_ = FaultKind::fault;
    bool armed_ = false;
    bool allocation_fails_ = false;
    bool address_strays_ = false;
    u64 pending_id_ = 0; // whose second answer is to come
    u32 injected_ = 0;
    u32 activated_ = 0;
};

} // namespace core
