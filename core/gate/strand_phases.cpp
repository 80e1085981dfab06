// SPDX-License-Identifier: BSD-2-Clause
// Hold, move, crash and restart of a strand: every change of phase goes through take_step().
#include "core/gate/strand.h"

#include <utility>

#include "core/memory/kernel_map.h"
#include "core/time/clock.h"

namespace core {

// lock_ is held, or the strand is not shared yet.
void Strand::take_step(GateEvent event) {
    const auto step = next_phase(phase(), event);
    VERIFY(step.has_value());
    if (step->new_epoch)
        epoch_.store(epoch() + 1, std::memory_order_release);
    phase_.store(step->to, std::memory_order_release);
    trace(TraceEvent::gate_phase, number, static_cast<u64>(step->to), epoch());
}

Result<> Strand::hold(Nanos patience) PITH_NO_ANALYSIS {
    lock_.acquire();
    if (phase() != GatePhase::open) {
        lock_.release();
        return Failure(Errno::busy);
    }
    const bool inside = (state_.fetch_or(attention, std::memory_order_acquire) & busy) != 0;
    take_step(GateEvent::hold);
    if (inside)
        hurry_locked();
    else if (parked_.empty())
        take_step(GateEvent::drained);
    lock_.release();

    const auto settled = [&] { return phase() != GatePhase::draining; };
    if (!entry_.wait(settled, Sleep::uninterruptible, now() + patience)) {
        lock_.acquire();
        if (phase() == GatePhase::draining) {
            abandon_wanted_ = true; // for the one inside, if there is one, to do when it leaves
            if (!is_busy()) {
                abandon_parked_locked();
                take_step(GateEvent::drained);
            }
        }
        lock_.release();
        entry_.wake_all();
        (void)entry_.wait(settled, Sleep::uninterruptible);
    }
    if (phase() != GatePhase::held)
        return Failure(Errno::io);
    return {};
}

void Strand::leave_abandoned(const Activation& activation) {
    leave_component(activation.landing);
}

// The thread whose handler a hold waits for runs before others. It leaves by way of the lock, so it
// is inside until then; a client's, as a rule, that anything may have preempted.
void Strand::hurry_locked() {
    if (Thread* runner = runner_.load(std::memory_order_relaxed); runner && !hurried_) {
        Urgency::begin(*runner);
        hurried_ = runner;
    }
}

void Strand::rebind(const StrandTarget& target) PITH_NO_ANALYSIS {
    lock_.acquire();
    take_step(GateEvent::rebind);
    set_target_locked(target);
    lock_.release();
}

void Strand::release() PITH_NO_ANALYSIS {
    lock_.acquire();
    take_step(GateEvent::release);
    CallList dismissed;
    dismiss_locked(dismissed_, dismissed);
    if (is_busy()) { // a cancelled hold: whoever is inside goes on
        lock_.release();
    } else {
        take_ownership_locked();
        lock_.release();
        drain_as_owner(Context::process);
    }
    finish_calls(dismissed);
}

void Strand::crash(Errno why) PITH_NO_ANALYSIS {
    lock_.acquire();
    if (!next_phase(phase(), GateEvent::crash)) { // broken or given up already
        lock_.release();
        return;
    }
    const bool inside = (state_.fetch_or(attention, std::memory_order_acquire) & busy) != 0;
    if (!inside)
        take_ownership_locked();
    lock_.release();
    if (inside) {
        // Enter after the one inside; by then it may have crashed on its own.
        enter_exclusively();
    }
    if (next_phase(phase(), GateEvent::crash))
        condemn(why);
    drain_as_owner(Context::process);
}

// The end of a life. What was answered before counts; what was not stays in the table for
// restart().
void Strand::crash_locked() {
    take_step(GateEvent::crash);
    condemned_ = false;
    device_full_ = false;
    pending_interrupts_ = 0;
    pending_timers_ = 0;
    abandon_parked_locked();
    set_target_locked({});
    observer_.crashed(observer_, *this, condemned_why_);
}

// These are to be told that they are over: at once, or when no orphan may have their pieces.
void Strand::dismiss_locked(CallList& calls, CallList& told) {
    (orphans() != 0 ? owed_ : told).splice_back(calls);
}

// Handlers that wait are cut off: their requests go back to the front of the queue.
void Strand::abandon_parked_locked() {
    abandon_wanted_ = false;
    CallList again;
    while (Activation* activation = parked_.pop_front()) {
        activation->abandoned = true;
        if (activation->waits_for == WaitsFor::child) {
            orphans_.fetch_add(1, std::memory_order_relaxed);
            ++orphaned_;
        }
        GateCall* call = activation->call;
        if (find(activation->id) != call)
            continue; // answered before it parked
        call->is_with_child_ = false;
        take_back(*call);
        call->state_ = CallState::queued;
        again.push_back(*call);
        ++queued_;
    }
    again.splice_back(queue_);
    queue_.splice_back(again);
}

void Strand::end_with(GateCall& call, Errno error, CallList& finished) {
    call.reply = {static_cast<i32>(error), 0, 0};
    call.state_ = CallState::ending;
    finished.push_back(call);
}

// Who is to blame for the end of this life: the request whose handler ran, or the only one there
// was. If it may be any of several, they go one by one in the next life. An operator's end is
// nobody's fault.
void Strand::blame_locked() {
    GateCall* suspect = find(std::exchange(suspect_, 0));
    if (condemned_why_ == Errno::canceled)
        return;
    if (in_flight_ > 1)
        cautious_until_ = answered() + in_flight_;
    for (Entry& entry : table_) {
        if (entry.call && !suspect && in_flight_ == 1)
            suspect = entry.call;
    }
    if (suspect)
        ++suspect->deaths_;
}

// Moves what is in flight back to the queue, oldest first.
void Strand::return_issued_locked() {
    while (true) {
        GateCall* latest = nullptr;
        for (Entry& entry : table_) {
            if (entry.call && (!latest || entry.call->sequence_ > latest->sequence_))
                latest = entry.call;
        }
        if (!latest)
            return;
        take_back(*latest);
        const bool is_convicted = latest->deaths_ >= maximum_deaths;
        if (is_convicted || !latest->may_repeat()) {
            convicted_ += is_convicted;
            end_with(*latest, Errno::io, dismissed_);
            continue;
        }
        ++repeated_;
        ++latest->repeats_;
        push_queue_front_locked(*latest);
    }
}

void Strand::restart(const StrandTarget& target) PITH_NO_ANALYSIS {
    lock_.acquire();
    take_step(GateEvent::restart);
    blame_locked();
    return_issued_locked();
    set_target_locked(target);
    lock_.release();
}

void Strand::give_up(DeviceIs device) PITH_NO_ANALYSIS {
    CallList finished;
    lock_.acquire();
    take_step(GateEvent::give_up);
    CallList ended;
    ended.splice_back(dismissed_);
    cautious_until_ = 0;
    suspect_ = 0;
    for (Entry& entry : table_) {
        if (GateCall* call = entry.call) {
            take_back(*call);
            for (const BufferPiece& piece : call->pieces) {
                if (device == DeviceIs::unknown)
                    retain_memory(piece.address, piece.length);
            }
            end_with(*call, Errno::io, ended);
        }
    }
    while (GateCall* call = queue_.pop_front()) {
        --queued_;
        end_with(*call, Errno::io, ended);
    }
    dismiss_locked(ended, finished);
    lock_.release();
    entry_.wake_all();
    finish_calls(finished);
}

void Strand::revive() PITH_NO_ANALYSIS {
    lock_.acquire();
    take_step(GateEvent::revive);
    lock_.release();
}

} // namespace core
