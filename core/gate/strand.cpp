// SPDX-License-Identifier: BSD-2-Clause
// The slow paths of a strand: queueing, events, waiting handlers. Phases are in strand_phases.cpp.
#include "core/gate/strand.h"

#include "core/gate/patience.h"
#include "core/gate/waiting.h"
#include "core/time/clock.h"

namespace core {

Strand::~Strand() {
    answer_timer_.cancel();
    remove_contained_strand(*this);
    VERIFY(in_flight_ == 0 && queue_.empty() && owed_.empty() && !is_busy());
}

void Strand::reset_table() {
    for (u32 i = slot_count; i-- > 0;) {
        table_[i].slot = i;
        table_[i].generation = 1; // 0 is nobody's id
        table_[i].next = free_;
        free_ = &table_[i];
    }
}

u64 Strand::answered() const {
    u64 freed = 0;
    for (const Entry& entry : table_)
        freed += entry.generation - 1;
    return freed - taken_back_;
}

bool Strand::has_work_locked() const {
    if (phase() != GatePhase::open)
        return false;
    return pending_interrupts_ != 0 || pending_timers_ != 0 ||
           (!queue_.empty() && !device_full_ && free_ && !(is_cautious() && in_flight_ != 0) &&
            orphans() == 0);
}

// --- clients

SubmitOutcome Strand::submit_slow(GateCall& call) PITH_NO_ANALYSIS {
    lock_.acquire();
    if (phase() == GatePhase::failed) {
        lock_.release();
        call.reply = {static_cast<i32>(Errno::io), 0, 0};
        return SubmitOutcome::done;
    }
    call.state_ = CallState::queued;
    queue_.push_back(call);
    ++queued_;
    // From here on nobody takes the fast path, so this lock decides who owns the strand.
    const bool free = (state_.fetch_or(attention, std::memory_order_acquire) & busy) == 0;
    if (!free || !has_work_locked()) {
        lock_.release();
        return SubmitOutcome::pending;
    }
    if (!runs_inline()) {
        lock_.release();
        observer_.kick(observer_, *this);
        return SubmitOutcome::pending;
    }
    take_ownership_locked();
    lock_.release();
    drain_as_owner(Context::submit);
    return SubmitOutcome::pending;
}

// Leaves what may be done now to leave_slow, with preemption as the fast path has it.
void Strand::drain_as_owner(Context context) {
    if (never_waits_)
        arch::disable_preemption();
    leave_slow(context);
    if (never_waits_)
        arch::enable_preemption();
}

SubmitOutcome Strand::queue_as_owner(GateCall& call) PITH_NO_ANALYSIS {
    lock_.acquire();
    call.state_ = CallState::queued;
    queue_.push_back(call);
    ++queued_;
    state_.fetch_or(attention, std::memory_order_relaxed);
    lock_.release();
    leave(Context::submit);
    return SubmitOutcome::pending;
}

// What the handler answered besides done: the request stays in the table, or goes back to the
// queue, or the instance broke the contract. Owner. True if it is done, and then in `finished`.
bool Strand::take_answer(GateCall& call, u64 id, component::Answer answer,
                         CallList& finished) PITH_NO_ANALYSIS {
    using Kind = component::Answer::Kind;
    const bool completed_meanwhile = find(id) != &call;
    if (answer.kind == Kind::pending) {
        if (!completed_meanwhile && call.sequence_ == running)
            mark_pending(call);
        return false;
    }
    if (completed_meanwhile || (answer.kind != Kind::done && answer.kind != Kind::busy)) {
        // Answered twice, or not at all. In the second case it stays, to be replayed.
        if (!completed_meanwhile && call.sequence_ == running)
            mark_pending(call);
        condemn(Errno::proto);
        return false;
    }
    if (answer.kind == Kind::done) {
        take_out(call);
        call.reply = {answer.status, 0, answer.value};
        call.state_ = CallState::ending;
        finished.push_back(call);
        return true;
    }
    take_back(call);
    lock_.acquire();
    push_queue_front_locked(call);
    // With nothing on its way no completion would have it retried.
    device_full_ = in_flight_ != 0;
    state_.fetch_or(attention, std::memory_order_relaxed);
    lock_.release();
    if (in_flight_ == 0 && finished_.empty())
        condemn(Errno::proto);
    return false;
}

SubmitOutcome Strand::finish_unanswered(GateCall& call, component::Answer answer) {
    CallList finished;
    if (take_answer(call, call.request.id, answer, finished)) // cannot be: the caller saw to it
        finish_calls(finished);
    leave(Context::submit);
    return SubmitOutcome::pending;
}

component::Answer Strand::call_untracked_slow(const component::Request& request) {
    // Entering with a request waits for the open phase; policies have a built-in fallback
    // meanwhile.
    if (!enter_for_request())
        return component::Answer::failed(Errno::io);
    // Such requests are never queued, so no crew comes for them.
    const component::Answer answer = target_.crew ? component::Answer::failed(Errno::opnotsupp)
                                                  : run_submit(request);
    leave_slow(Context::process);
    return answer;
}

void Strand::call(GateCall& call) {
    call.completed = wake_caller;
    call.waiting_.store(1, std::memory_order_relaxed);
    if (never_waits_ || runs_elsewhere()) {
        if (submit(call) == SubmitOutcome::pending)
            wait_for_call(call.waiting_);
        return;
    }
    if (!enter_for_request()) {
        call.reply = {static_cast<i32>(Errno::io), 0, 0};
        return;
    }
    if (target_.crew) { // it moved while we waited
        queue_as_owner(call);
        wait_for_call(call.waiting_);
        return;
    }
    run_with_activation(call, true);
}

// Runs the request's handler, which may wait, on this thread, which owns the strand and gives it
// up. `is_callers`: this is the client's own thread, which returns only with the reply.
void Strand::run_with_activation(GateCall& call, bool is_callers) PITH_NO_ANALYSIS {
    CallList finished;
    if (!free_) {
        queue_as_owner(call);
    } else {
        issue(call);
        mark_pending(call); // its handler may wait, and others come and go meanwhile
        Activation activation;
        activation.call = &call;
        activation.id = call.request.id;
        // An abandoned handler may outlive the call, so it reads a copy.
        const component::Request request = call.request;
        current_ = &activation;
        runner_.store(&Urgency::caller(), std::memory_order_relaxed);
        const component::Answer answer =
            arch::call_component(*target_.env, request, target_.handlers.submit, landing_);
        if (!activation.abandoned) { // else the strand is somebody else's
            landing_.stack = 0;
            current_ = nullptr;
            runner_.store(nullptr, std::memory_order_relaxed);
            take_answer(call, activation.id, answer, finished);
            leave(Context::process);
        }
    }
    finish_calls(finished);
    if (is_callers)
        wait_for_call(call.waiting_);
}

// --- events

void Strand::post_interrupt(u32 line) {
    if (never_waits_ && try_enter()) {
        if (target_.handlers.interrupt)
            run_component(target_.handlers.interrupt, line);
        leave(Context::interrupt);
        return;
    }
    post_event(pending_interrupts_, u32{1} << line);
}

void Strand::post_timer(u32 timer) {
    if (never_waits_ && try_enter()) {
        if (target_.handlers.timer)
            run_component(target_.handlers.timer, timer);
        leave(Context::interrupt);
        return;
    }
    post_event(pending_timers_, u32{1} << timer);
}

void Strand::post_event(u32& pending, u32 bit) PITH_NO_ANALYSIS {
    lock_.acquire();
    pending |= bit;
    const bool free = (state_.fetch_or(attention, std::memory_order_acquire) & busy) == 0;
    if (!free || !has_work_locked()) {
        lock_.release();
        return;
    }
    if (!runs_inline()) {
        lock_.release();
        observer_.kick(observer_, *this);
        return;
    }
    take_ownership_locked();
    lock_.release();
    drain_as_owner(Context::interrupt);
}

// --- the instance's own calls

GateCall* Strand::find(u64 id) {
    const u32 slot = static_cast<u32>(id);
    return slot < slot_count && table_[slot].id() == id ? table_[slot].call : nullptr;
}

Result<> Strand::complete(u64 id, component::Reply reply) {
    GateCall* call = find(id);
    if (!call || call->is_with_child_) { // the child would go on with buffers that are free
        condemn(Errno::proto);
        return Failure(Errno::inval);
    }
    take_out(*call);
    call->reply = reply;
    call->state_ = CallState::ending;
    finished_.push_back(*call);
    state_.fetch_or(attention, std::memory_order_relaxed);
    return {};
}

void Strand::condemn(Errno why) {
    if (!condemned_) {
        condemned_ = true;
        state_.fetch_or(attention, std::memory_order_relaxed);
        condemned_why_ = why;
        const GateCall* running = running_call();
        suspect_ = running ? running->request.id : 0;
    }
}

// The request whose handler runs; null in all other handlers. Owner.
GateCall* Strand::running_call() {
    if (current_)
        return find(current_->id) == current_->call ? current_->call : nullptr;
    if (batch_.count != 0)
        return running_in_batch();
    for (Entry& entry : table_) {
        if (entry.call && entry.call->sequence_ == running)
            return entry.call;
    }
    return nullptr;
}

// Looks that come on time are counted (patience.h).
bool Strand::runs_too_long(Nanos moment) {
    constexpr Nanos interval = base::milliseconds(4);
    const Nanos since = moment - last_look_;
    if (landing_.entries != seen_entry_) {
        seen_entry_ = landing_.entries;
        looks_ = 0;
    } else if (since < interval) {
        return false;
    } else if (since < interval + interval) {
        ++looks_;
    }
    last_look_ = moment;
    return looks_ >= hang_limit().value / interval.value;
}

Strand::Activation* Strand::park(WaitsFor what) PITH_NO_ANALYSIS {
    Activation* activation = current_;
    if (!activation)
        return nullptr;
    activation->waits_for = what;
    if (what == WaitsFor::child && find(activation->id) == activation->call)
        activation->call->is_with_child_ = true;
    lock_.acquire();
    parked_.push_back(*activation);
    state_.fetch_or(attention, std::memory_order_relaxed);
    lock_.release();
    current_ = nullptr;
    runner_.store(nullptr, std::memory_order_relaxed);
    activation->landing = landing_;
    landing_.stack = 0;
    leave(Context::process);
    return activation;
}

bool Strand::try_unpark(Activation* activation) PITH_NO_ANALYSIS {
    if (!activation)
        return true;
    lock_.acquire();
    ++reentering_;
    state_.fetch_or(attention, std::memory_order_relaxed);
    lock_.release();
    bool inside = false;
    const auto try_to_return = [&]() PITH_NO_ANALYSIS {
        if (inside)
            return true;
        lock_.acquire();
        const GatePhase now = phase();
        const bool may = !is_busy() && (now == GatePhase::open || now == GatePhase::draining);
        if (activation->abandoned || may) {
            --reentering_;
            inside = true;
            if (!activation->abandoned) {
                take_ownership_locked();
                activation->link.unlink();
                if (find(activation->id) == activation->call)
                    activation->call->is_with_child_ = false;
                current_ = activation;
                runner_.store(&Urgency::caller(), std::memory_order_relaxed);
                if (now == GatePhase::draining)
                    hurry_locked();
                const u64 entries = landing_.entries;
                landing_ = activation->landing;
                landing_.entries = entries + 1; // another stretch of it
            }
        }
        lock_.release();
        return inside;
    };
    (void)entry_.wait(try_to_return, Sleep::uninterruptible);
    if (activation->abandoned && activation->waits_for == WaitsFor::child)
        orphan_is_over();
    return !activation->abandoned;
}

// Who waited for the last one goes on. The strand may be gone as soon as its last call is told.
void Strand::orphan_is_over() PITH_NO_ANALYSIS {
    CallList owed;
    lock_.acquire();
    const bool was_last = orphans_.fetch_sub(1, std::memory_order_relaxed) == 1;
    if (was_last)
        owed.splice_back(owed_);
    // Whoever is inside finds it when leaving.
    const bool free = (state_.fetch_or(attention, std::memory_order_acquire) & busy) == 0;
    const bool has_work = was_last && free && has_work_locked();
    lock_.release();
    if (has_work)
        observer_.kick(observer_, *this); // handlers of this strand may wait
    if (was_last)
        entry_.wake_all();
    finish_calls(owed);
}

// Waits until the strand is open and free, and owns it. False if it was given up.
bool Strand::enter_for_request() PITH_NO_ANALYSIS {
    u32 expected = 0;
    if (state_.compare_exchange_strong(expected, busy, std::memory_order_acquire,
                                       std::memory_order_relaxed))
        return true;
    lock_.acquire();
    ++entering_;
    state_.fetch_or(attention, std::memory_order_relaxed);
    lock_.release();
    bool over = false;
    bool entered = false;
    const auto try_to_enter = [&]() PITH_NO_ANALYSIS {
        if (over)
            return true;
        lock_.acquire();
        if (phase() == GatePhase::failed) {
            over = true;
        } else if (phase() == GatePhase::open && !is_busy() && reentering_ == 0 &&
                   orphans() == 0 && !(is_cautious() && in_flight_ != 0)) {
            take_ownership_locked();
            over = entered = true;
        }
        if (over)
            --entering_;
        lock_.release();
        return over;
    };
    (void)entry_.wait(try_to_enter, Sleep::uninterruptible);
    return entered;
}

// The component manager enters in any phase; nobody else can while the phase is not open.
void Strand::enter_exclusively() PITH_NO_ANALYSIS {
    bool entered = false;
    const auto try_to_enter = [&]() PITH_NO_ANALYSIS {
        if (entered)
            return true;
        lock_.acquire();
        state_.fetch_or(attention, std::memory_order_acquire);
        if (!is_busy()) {
            take_ownership_locked();
            entered = true;
        }
        lock_.release();
        return entered;
    };
    (void)entry_.wait(try_to_enter, Sleep::uninterruptible);
}

void Strand::pass_through() {
    enter_exclusively();
    leave_slow(Context::process);
}

// --- requests without an answer

void Strand::watch_answers() {
    if (answer_limit_.value == 0)
        return;
    is_answer_watched_ = true;
    overdue_ = 0;
    answer_timer_.arm(now() + answer_limit_);
}

u64 Strand::oldest_timed() const {
    const GateCall* oldest = nullptr;
    for (const Entry& entry : table_) {
        if (entry.call && entry.call->sequence_ != running && entry.call->is_timed() &&
            !entry.call->is_with_child_ && // the child's time is the child's
            (!oldest || entry.call->sequence_ < oldest->sequence_))
            oldest = entry.call;
    }
    return oldest ? oldest->request.id : 0;
}

// In the timer's interrupt. A strand that is busy or not open is looked at another time.
void Strand::look_for_overdue() PITH_NO_ANALYSIS {
    lock_.acquire();
    const bool free = (state_.fetch_or(attention, std::memory_order_acquire) & busy) == 0;
    if (!free || phase() != GatePhase::open) {
        answer_timer_.arm(now() + answer_limit_);
        lock_.release();
        return;
    }
    take_ownership_locked();
    lock_.release();
    const u64 oldest = oldest_timed();
    if (oldest != 0 && oldest == overdue_)
        condemn(Errno::timedout);
    overdue_ = oldest;
    is_answer_watched_ = oldest != 0;
    if (is_answer_watched_)
        answer_timer_.arm(now() + answer_limit_);
    drain_as_owner(Context::interrupt);
}

// --- leaving

// Runs what came meanwhile, as far as this thread may, and gives the strand up. Owner; returns
// without the strand.
void Strand::leave_slow(Context context) PITH_NO_ANALYSIS {
    CallList finished;
    bool kick = false;
    lock_.acquire();
    while (true) {
        if (!finished_.empty()) {
            finished.splice_back(finished_);
            device_full_ = false;
        }
        if (is_cautious() && answered() >= cautious_until_)
            cautious_until_ = 0;
        if (condemned_) {
            crash_locked();
            break;
        }
        if (!has_work_locked())
            break;
        if (!runs_inline()) {
            kick = true;
            break;
        }
        run_next_locked(finished);
    }
    if (lends_) [[unlikely]]
        lends_ = observer_.end_loans(observer_, *this);
    const bool waiters = entering_ + reentering_ != 0;
    if (phase() == GatePhase::draining) {
        if (abandon_wanted_)
            abandon_parked_locked();
        if (parked_.empty())
            take_step(GateEvent::drained);
    }
    const bool idle = phase() == GatePhase::open && queue_.empty() && parked_.empty() && !waiters &&
                      pending_interrupts_ == 0 && pending_timers_ == 0 && !is_cautious() &&
                      !runs_elsewhere() && !lends_ && orphans() == 0;
    Thread* hurried = std::exchange(hurried_, nullptr); // this very thread
    // Release: the next owner sees what was written in here.
    state_.store(idle ? 0 : attention, std::memory_order_release);
    lock_.release();
    if (hurried)
        Urgency::end(*hurried);
    if (kick)
        observer_.kick(observer_, *this);
    entry_.wake_all();
    if (context == Context::submit)
        defer_calls(finished);
    else
        finish_calls(finished);
}

// One event or queued request. Called and returns with lock_ held; runs the handler without.
bool Strand::run_next_locked(CallList& finished) PITH_NO_ANALYSIS {
    if (run_event_locked())
        return true;
    if (queue_.empty())
        return false;
    GateCall* call = queue_.pop_front();
    --queued_;
    lock_.release();
    run_queued(*call, finished);
    lock_.acquire();
    return true;
}

bool Strand::run_event_locked() PITH_NO_ANALYSIS {
    const bool interrupts = pending_interrupts_ != 0;
    u32& pending = interrupts ? pending_interrupts_ : pending_timers_;
    if (pending == 0)
        return false;
    const u32 number = static_cast<u32>(__builtin_ctz(pending));
    pending &= pending - 1;
    const auto handler = interrupts ? target_.handlers.interrupt : target_.handlers.timer;
    lock_.release();
    if (handler)
        run_component(handler, number);
    lock_.acquire();
    return true;
}

// A queued request in a strand that never waits. Owner.
void Strand::run_queued(GateCall& call, CallList& finished) {
    issue(call);
    const u64 id = call.request.id;
    const component::Answer answer = run_submit(call.request);
    take_answer(call, id, answer, finished);
}

bool Strand::run_queue(const void* crew) PITH_NO_ANALYSIS {
    while (true) {
        lock_.acquire();
        const bool free = (state_.fetch_or(attention, std::memory_order_acquire) & busy) == 0;
        const bool has_work = free && has_work_locked();
        const bool is_ours = target_.crew == crew;
        if (!has_work || !is_ours) {
            lock_.release(); // whoever is inside kicks again when leaving
            return !has_work || is_ours;
        }
        take_ownership_locked();
        if (run_event_locked()) {
            lock_.release();
            leave_slow(Context::process);
            continue;
        }
        GateCall* call = queue_.pop_front();
        --queued_;
        const bool is_batch = gather_batch_locked(*call);
        lock_.release();
        if (!never_waits_) {
            run_with_activation(*call, false);
            continue;
        }
        CallList finished;
        if (is_batch)
            run_batch(finished);
        else
            run_queued(*call, finished);
        leave_slow(Context::process);
        finish_calls(finished);
    }
}

} // namespace core
