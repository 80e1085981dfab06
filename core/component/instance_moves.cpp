// SPDX-License-Identifier: BSD-2-Clause
// Moving a running instance into another home: hold, quiesce, resume there, release. Whatever goes
// wrong before the release leaves it where it was.
#include "core/component/instance.h"

#include "core/component/pause_meter.h"
#include "core/observe/log.h"
#include "core/sched/urgency.h"
#include "core/time/clock.h"

namespace core {
namespace {

constexpr Nanos probation_time = base::seconds(1);

constinit ServerHomeMaker g_make_server_home = nullptr; // set once at start

} // namespace

void set_server_home_maker(ServerHomeMaker maker) { g_make_server_home = maker; }
bool has_server_homes() { return g_make_server_home != nullptr; }

Result<Ref<Home>> Instance::make_home(Placement placement) {
    if (placement == Placement::server)
        return g_make_server_home ? g_make_server_home(*this)
                                  : Result<Ref<Home>>(Failure(Errno::opnotsupp));
    // A version that came at run time has no place in the kernel image.
    const bool fits = placement != Placement::builtin || object().is_embedded();
    return make_kernel_home(Ref<ComponentObject>::share(object()),
                            fits ? placement : Placement::module);
}

// The strand is held.
void Instance::enter_home(Ref<Home> home) {
    home_ = std::move(home);
    placement_ = home_->placement();
    strand_.rebind(home_->target(env_));
}

Result<> Instance::move(Placement placement) {
    OperationsGuard guard(operations_);
    if (state() == InstanceState::crashed)
        recover();
    if (state() != InstanceState::running)
        return Failure(Errno::busy);
    if (placement == this->placement())
        return {};
    Ref<Home> next = TRY(make_home(placement));
    const Placement former = this->placement();
    const Urgency urgency;
    home_->begin_urgency();
    next->begin_urgency();
    const PauseMeter pause;
    const Result<> changed = change_home(std::move(next));
    if (changed)
        pause.note(figures_);
    home_->end_urgency();
    TRY(changed);
    ++figures_.moves;
    probation_ = {now() + probation_time, former};
    return {};
}

// From open to open. Requests in the device stay there, and interrupts that come are remembered.
Result<> Instance::change_home(Ref<Home> next) {
    TRY(strand_.hold());
    Result<> outcome = home_->quiesce(strand_);
    if (outcome)
        outcome = take_over(std::move(next));
    else if (strand_.phase() == GatePhase::held) // it would not stop: it goes on
        (void)home_->resume(strand_);
    if (strand_.phase() != GatePhase::held)
        return Failure(Errno::io); // it ended on the way: the worker begins a fresh life
    strand_.release();
    return outcome;
}

// From quiesced to resumed, here or back where it was.
Result<> Instance::take_over(Ref<Home> next) {
    Ref<Home> former = home_.to_ref();
    enter_home(std::move(next));
    const Result<> resumed = home_->resume(strand_);
    if (resumed && strand_.phase() == GatePhase::held)
        return {};
    LOG_ERROR("{}: does not resume as {}: {}", name(), placement_name(placement()),
              resumed ? crash_reason_.load() : resumed.error());
    if (strand_.phase() == GatePhase::held) {
        enter_home(std::move(former));
        if (const Result<> back = home_->resume(strand_); !back)
            strand_.crash(back.error());
    } else {
        home_ = std::move(former); // where its next life begins
        placement_ = home_->placement();
    }
    return resumed ? Result<>(Failure(Errno::io)) : resumed;
}

} // namespace core
