// SPDX-License-Identifier: BSD-2-Clause
// Swapping the version of a running instance: as a move, but the code is another object's and the
// arena is made anew from the present one. The present arena stays untouched until the new version
// runs, so whatever goes wrong before leaves it where it was.
#include <utility>

#include "base/memory_functions.h"
#include "core/component/instance.h"
#include "core/component/pause_meter.h"
#include "core/observe/log.h"
#include "core/sched/urgency.h"
#include "core/time/clock.h"

namespace core {
namespace {

// A new version is on probation until it has served so many requests, or for so long.
constexpr Nanos probation_time = base::seconds(10);
constexpr u64 probation_requests = 10'000;

Result<KernelMapping> make_arena(const ComponentObject& object) {
    const Bytes bytes(object.descriptor().arena_bytes);
    return KernelMapping::allocate(base::bytes_of(base::pages_covering(bytes)),
                                   KernelProtection::read_write);
}

Failure refuse(std::string_view name, std::string_view why, Errno error) {
    LOG_ERROR("{}: not swapped: {}", name, why);
    return Failure(error);
}

} // namespace

struct Instance::Version {
    ComponentObject* object;
    KernelMapping arena;
    Placement placement;
};

// One it ran before; null if it is new.
ComponentObject* Instance::find_version(std::span<const u8> bytes) const {
    ComponentObject* known = versions_.get();
    while (known && !known->is_same(bytes))
        known = known->former();
    return known;
}

Result<> Instance::check_version(const ComponentObject& next) const {
    const component::Descriptor& now = object().descriptor();
    const component::Descriptor& then = next.descriptor();
    if (next.name() != object().name())
        return refuse(name(), "the object is another component's", Errno::inval);
    if (then.traits != now.traits || then.child_count != now.child_count)
        return refuse(name(), "it waits or calls others differently", Errno::protonosupport);
    if (then.state_layout != now.state_layout && !then.handlers.migrate)
        return refuse(name(), "it cannot migrate this state", Errno::opnotsupp);
    if (then.state_layout == now.state_layout && then.arena_bytes != now.arena_bytes)
        return refuse(name(), "the same layout has another size", Errno::noexec);
    return {};
}

Result<> Instance::swap(std::span<const u8> bytes) {
    OperationsGuard guard(operations_);
    if (state() == InstanceState::crashed)
        recover();
    if (state() != InstanceState::running)
        return Failure(Errno::busy);
    ComponentObject* const known = find_version(bytes);
    Ref<ComponentObject> next = known ? Ref<ComponentObject>::share(*known)
                                      : TRY(ComponentObject::copy_of(bytes));
    TRY(check_version(*next));
    if (next.get() == &object())
        return {};
    Version version{next.get(), TRY(make_arena(*next)), placement()};
    const component::Version former = object().descriptor().version;
    ComponentObject* const former_object = &object();
    const Placement former_placement = placement();
    if (!known) { // from now on it is known, also if it does not stay
        next->set_former(std::move(versions_));
        versions_ = std::move(next);
    }
    const Urgency urgency;
    home_->begin_urgency();
    const PauseMeter pause;
    const Result<> replaced = replace_by(version);
    home_->end_urgency();
    if (!replaced)
        return refuse(name(), "the new version does not take over", replaced.error());
    ++figures_.swaps;
    pause.note(figures_);
    version_probation_ = {former_object, former_placement, now() + probation_time,
                          strand_.answered() + probation_requests};
    const component::Version current = object().descriptor().version;
    LOG_INFO("{}: version {}.{}.{} goes on for {}.{}.{}", name(), current.major, current.minor,
             current.patch, former.major, former.minor, former.patch);
    return {};
}

// What it is, and what `other` is, change places.
void Instance::exchange_version(Version& other) {
    // Release: who reads it without a lock sees a whole object.
    other.object = object_.exchange(other.object, std::memory_order_acq_rel);
    std::swap(arena_, other.arena);
    env_.set_arena(arena_);
    const Placement now = placement();
    placement_ = other.placement;
    other.placement = now;
}

// From open to open. Requests in the device stay there, and interrupts that come are remembered.
Result<> Instance::replace_by(Version& next) {
    TRY(strand_.hold());
    Result<> outcome = home_->quiesce(strand_);
    if (outcome && strand_.phase() == GatePhase::held)
        outcome = take_over_as(next);
    if (strand_.phase() != GatePhase::held)
        return Failure(Errno::io); // it ended on the way: the worker begins a fresh life
    if (!outcome) {
        if (const Result<> back = home_->resume(strand_); !back)
            strand_.crash(back.error());
        if (strand_.phase() != GatePhase::held)
            return Failure(Errno::io);
    }
    strand_.release();
    return outcome;
}

// From quiesced to resumed as the new version, or quiesced as the former one. The home that was
// left is told to stop before the gates open, so none of its threads waits for work then.
Result<> Instance::take_over_as(Version& next) {
    Ref<Home> former = home_.to_ref();
    exchange_version(next); // `next` is the former one now
    const Result<> outcome = take_over_state(next);
    if (outcome && strand_.phase() == GatePhase::held)
        return {};
    exchange_version(next);
    home_ = former;
    if (strand_.phase() == GatePhase::held)
        enter_home(std::move(former));
    return outcome;
}

// The new version in a home of its own, up to its resume.
Result<> Instance::take_over_state(const Version& former) {
    enter_home(TRY(make_home(placement())));
    const component::Descriptor& old = former.object->descriptor();
    if (object().descriptor().state_layout == old.state_layout)
        memcpy(arena_.as<u8>(), former.arena.as<u8>(), old.arena_bytes);
    else
        TRY(home_->migrate(strand_, former.arena, old.state_layout));
    return home_->resume(strand_);
}

bool Instance::is_new_version_on_probation() const {
    return version_probation_.former && now() < version_probation_.until &&
           strand_.answered() < version_probation_.answered;
}

// A version that ends soon after it came is no good: the next life is the former one's. It begins
// as after every end, for the state it left is older than what was answered since.
void Instance::go_back_to_former_version() {
    const bool is_its_fault = is_new_version_on_probation() && !patience_.operator_asked;
    ComponentObject* const former = std::exchange(version_probation_.former, nullptr);
    if (!is_its_fault)
        return;
    auto arena = make_arena(*former);
    if (!arena) {
        LOG_ERROR("{}: no memory to go back to the former version", name());
        return;
    }
    LOG_WARNING("{}: back to the former version", name());
    ++figures_.roll_backs;
    Version version{former, std::move(*arena), version_probation_.placement};
    exchange_version(version);
    home_ = nullptr; // of the other object
    patience_.restarts = 0;
}

} // namespace core
