// SPDX-License-Identifier: BSD-2-Clause
// What follows the end of a life: how often and how soon another one is tried, and its beginning.
#include "core/component/instance.h"

#include "base/memory_functions.h"
#include "core/component/manager.h"
#include "core/observe/log.h"
#include "core/sched/urgency.h"
#include "core/time/clock.h"

namespace core {
namespace {

// Before the first, second, … try without progress. Past the last: restart_limit.
constexpr Nanos delays[] = {Nanos(0),
                            Nanos(0),
                            base::milliseconds(10),
                            base::milliseconds(100),
                            base::milliseconds(500),
                            base::seconds(2)};
static_assert(std::size(delays) == Instance::restart_limit);
// Before a home is asked for again that there was no memory for.
constexpr Nanos home_delay = base::milliseconds(20);

// A process is never used again: nobody knows what the former life has made of it.
bool is_fit(const Home& home) {
    return home.placement() != Placement::server && !home.is_spoiled();
}

} // namespace

void Instance::recovery_is_due(Timer& timer) {
    static_cast<RecoveryTimer&>(timer).owner->ask_for_attention();
}

Result<> Instance::kill() {
    OperationsGuard guard(operations_);
    if (state() != InstanceState::running)
        return Failure(Errno::busy);
    patience_.operator_asked = true;
    ++figures_.kills;
    strand_.crash(Errno::canceled);
    return {};
}

Result<> Instance::restart() {
    OperationsGuard guard(operations_);
    if (state() == InstanceState::stopped || (device_ && device_->is_removed()))
        return Failure(Errno::nodev);
    if (strand_.phase() == GatePhase::failed) { // given up: its services come anew
        home_ = TRY(make_home(placement()));
        strand_.revive();
        crash_time_ = now().value;
    } else {
        strand_.crash(Errno::canceled);
    }
    patience_ = {};
    recovery_timer_.cancel();
    quiet_device();
    close_domain();
    const Result<> begun = begin_again();
    if (!begun)
        return begun;
    attention_.store(false, std::memory_order_release);
    settle_services();
    return {};
}

void Instance::log_end() const {
    const TrapRecord& trap = strand_.last_trap();
    if (patience_.operator_asked)
        LOG_INFO("{}: killed", name());
    else if (crash_reason_.load() != Errno::fault)
        LOG_WARNING("{}: ended: {}", name(), crash_reason_.load());
    else if (trap.text && trap.file)
        LOG_WARNING("{}: ended: {} at {}:{}", name(), trap.text, trap.file, trap.line);
    else if (trap.in_call)
        LOG_WARNING("{}: ended: named memory that is none (vector {}, address {:#x})", name(),
                    trap.vector, trap.address);
    else if (trap.offset == ~u64{0})
        LOG_WARNING("{}: ended: jumped out of its text (vector {}, address {:#x})", name(),
                    trap.vector, trap.address);
    else
        LOG_WARNING("{}: ended: vector {} at text+{:#x}, address {:#x}", name(), trap.vector,
                    trap.offset, trap.address);
}

// Looks at the end once, and puts the next try into the future if there were many in vain.
bool Instance::is_worth_another_try() {
    const u64 progress = strand_.answered() + strand_.convicted();
    const bool was_of_use = progress != patience_.progress || patience_.operator_asked;
    patience_.restarts = was_of_use ? 0 : patience_.restarts + 1;
    patience_.progress = progress;
    if (patience_.restarts >= restart_limit)
        return false;
    patience_.next_try = now() + delays[patience_.restarts];
    return true;
}

// A life that ends right after a move shows that the new home was no good.
void Instance::go_back_if_on_probation() {
    if (patience_.operator_asked || now() > probation_.until || probation_.former == placement())
        return;
    LOG_WARNING("{}: back to {}", name(), placement_name(probation_.former));
    placement_ = probation_.former;
}

// One that ended in the kernel and was of no use there is tried in a process of its own.
void Instance::demote_if_in_vain() {
    if (patience_.restarts == 0 || placement() == Placement::server || !has_server_homes())
        return;
    LOG_WARNING("{}: goes on as server", name());
    placement_ = Placement::server;
}

// Where the next life begins. Errors: those of the home, when there is none to go on in.
Result<> Instance::prepare_home() {
    const Placement wanted = placement();
    if (home_ && home_->placement() == wanted && is_fit(*home_))
        return {};
    auto made = make_home(wanted);
    if (made) {
        home_ = std::move(*made);
        return {};
    }
    if (!home_ || !is_fit(*home_))
        return Failure(made.error());
    placement_ = home_->placement();
    return {};
}

// The strand is broken.
void Instance::recover() {
    if (patience_.next_try.value == 0) {
        log_end();
        quiet_device();
        close_domain();
        const bool removed = device_ && device_->is_removed();
        if (removed || !is_worth_another_try()) {
            LOG_ERROR("{}: given up", name());
            end_all(InstanceState::failed);
            return;
        }
        go_back_to_former_version();
        go_back_if_on_probation();
        demote_if_in_vain();
    }
    if (now() < patience_.next_try) {
        recovery_timer_.arm(patience_.next_try);
        return;
    }
    patience_.next_try = {};
    patience_.operator_asked = false;
    if (const Result<> begun = begin_again(); !begun)
        LOG_ERROR("{}: does not start again: {}", name(), begun.error());
}

Result<> Instance::begin_again() {
    const Urgency urgency;
    const Result<> begun = try_to_begin_again();
    if (home_)
        home_->end_urgency();
    return begun;
}

Result<> Instance::try_to_begin_again() {
    if (const Result<> prepared = prepare_home(); !prepared) {
        patience_.next_try = now() + home_delay;
        recovery_timer_.arm(patience_.next_try);
        return prepared;
    }
    ++figures_.restarts;
    former_dma_.take_all(dma_);
    memset(arena_.as<u8>(), 0, arena_.size().value);
    const Result<> begun = begin_life(true);
    if (!begun) {
        quiet_device();
        close_domain();
        strand_.crash(begun.error()); // unless that is what ended it: the next try follows
        return begun;
    }
    for (Service& service : services_) {
        if (ServiceSink* sink = service.sink.load(std::memory_order_acquire))
            sink->restarted();
    }
    figures_.last_recovery = now() - Nanos(crash_time_.load());
    LOG_INFO("{}: restarted as {}", name(), placement_name(placement()));
    return {};
}

} // namespace core
