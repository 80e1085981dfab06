// SPDX-License-Identifier: BSD-2-Clause
// A strand: the monitor in which the handlers of an instance run, one at a time, and the table of
// its requests in flight. It outlives the homes an instance moves through; gates stand in front of
// it.
//
// Ownership of the strand is one word, taken and left by compare-and-exchange when nothing else is
// going on. Everything else (queue, events, phases) is guarded by lock_, and `attention` in the
// word sends everybody there. Fields marked "owner" belong to whoever holds the busy bit.
#pragma once

#include <atomic>

#include "abi/component/component.h"
#include "base/result.h"
#include "core/gate/batch.h"
#include "core/gate/call.h"
#include "core/gate/containment.h"
#include "core/observe/trace.h"
#include "core/sched/urgency.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"
#include "core/time/timer.h"

namespace core {

enum class SubmitOutcome : u8 { done, pending };

// What one life of an instance gives the strand to call.
struct StrandTarget {
    component::Env* env = nullptr;
    component::Handlers handlers;
    // Null: any thread may run the handlers, inline where they never wait. Else threads of the home
    // alone do, from run_queue() with this very value.
    const void* crew = nullptr;
    // Runs the handlers of a batch, until one answers busy. Null: one request at a time.
    void (*submit_batch)(component::Env&, Batch*) = nullptr;
};

class Strand {
public:
    static constexpr u32 slot_count = 256;
    // A request over which so many lives ended is answered with io.
    static constexpr u8 maximum_deaths = 3;
    // Parked handlers are abandoned when a hold has waited this long. What they waited for comes
    // all the same, so that they find it when they are repeated.
    static constexpr Nanos default_patience = base::microseconds(250);

    // What the strand tells its instance. Any context; may not call back into the strand.
    struct Observer {
        // The target broke the contract or asked to be ended; the phase is `broken` now.
        void (*crashed)(Observer&, Strand&, Errno why) = nullptr;
        // A strand whose handlers may wait, or have threads of their own, has work: call
        // run_queue() on the worker, or on such a thread (runs_elsewhere).
        void (*kick)(Observer&, Strand&) = nullptr;
        // Requests may be over whose buffers were lent to the device: takes those back, before
        // their clients have them. False: none is lent any more. After note_loan(); owner, with
        // the strand's lock.
        bool (*end_loans)(Observer&, Strand&) = nullptr;
    };

    Strand(Observer& observer, bool never_waits) : observer_(observer), never_waits_(never_waits) {
        answer_timer_.owner = this;
        reset_table();
        add_contained_strand(*this);
    }
    ~Strand();
    Strand(const Strand&) = delete;
    Strand& operator=(const Strand&) = delete;

    // --- clients (through Gate)

    // Runs the request inline if the strand is free, else queues it. Any context but a lock's
    // holder. done: call.reply is set and `completed` is not called.
    SubmitOutcome submit(GateCall& call) {
        if (!never_waits_ || !try_enter()) [[unlikely]]
            return submit_slow(call);
        return run_inline(call);
    }
    // Runs the request and waits for its reply. Process context, no locks held.
    void call(GateCall& call);
    // A request that is answered in the handler, by an operation flagged untracked: its id is 0 and
    // it is not in the table. Waits for the strand. Never_waits strands: any context but
    // interrupts. An answer of another kind than done is none: the instance ended in it.
    component::Answer call_untracked(const component::Request& request) {
        if (try_enter()) [[likely]] {
            const component::Answer answer = run_submit(request);
            leave(Context::submit);
            return answer;
        }
        return call_untracked_slow(request);
    }

    // --- devices and timers: any context

    void post_interrupt(u32 line);
    void post_timer(u32 timer);

    // --- the instance's own calls, from inside a handler

    // Ends a pending request. Errors: inval (it is not pending: the instance is condemned).
    Result<> complete(u64 id, component::Reply reply);
    // The call behind an id that the instance is serving, or null.
    GateCall* find(u64 id);
    // A request's buffer was lent to the device. While any is, every answer passes by end_loans.
    void note_loan() {
        lends_ = true;
        state_.fetch_or(attention, std::memory_order_relaxed);
    }
    // Ends this life when the current handler returns.
    void condemn(Errno why);
    // The handler that runs was condemned for a wrong call. Owner.
    bool has_broken_contract() const { return condemned_ && condemned_why_ == Errno::proto; }
    // Lets others in while the handler waits. When the handler was abandoned meanwhile, unpark()
    // does not return: the component's code is never entered again, for it may be gone. So between
    // the two nothing may need a destructor. No-ops in start, resume and stop.
    // A wait for a child goes on when its handler is abandoned, and has the pieces of the request
    // until it is over: while there is such an orphan no request is begun, and none of those that
    // were given back is answered (docs/decisions/120).
    enum class WaitsFor : u8 { something, child };
    struct Activation {
        GateCall* call = nullptr;
        u64 id = 0;
        bool abandoned = false;
        WaitsFor waits_for = WaitsFor::something;
        arch::Landing landing; // while it is parked
        ListLink link;         // among the parked ones
    };
    Activation* park(WaitsFor what = WaitsFor::something);
    // The request whose handler runs, in a strand whose handlers may wait; else 0. Owner.
    u64 served_request() const { return current_ ? current_->id : 0; }
    void unpark(Activation* activation) {
        if (!try_unpark(activation))
            leave_abandoned(*activation);
    }
    // The same for callers with something to put away: false if the handler was abandoned, and then
    // they end with leave_abandoned().
    bool try_unpark(Activation* activation);
    [[noreturn]] static void leave_abandoned(const Activation& activation);
    bool never_waits() const { return never_waits_; }

    // Runs `function` alone in the strand: waits for it in any phase.
    template <typename Function>
    auto run_exclusively(Function function) {
        enter_exclusively();
        auto result = function(*target_.env);
        leave_slow(Context::process);
        return result;
    }
    // Runs one of the target's handlers that serve no request (start, quiesce, resume, …), if it
    // has it, in any phase. Process context. Errors: the handler's; what ended the instance in it.
    template <typename Answer, typename... Argument>
    Result<> run_stage(Answer (*handler)(component::Env&, Argument...),
                       std::type_identity_t<Argument>... argument) {
        if (!handler)
            return {};
        enter_exclusively();
        Result<> outcome;
        if constexpr (std::is_void_v<Answer>)
            arch::call_component(*target_.env, argument..., handler, landing_);
        else
            outcome = arch::call_component(*target_.env, argument..., handler, landing_);
        landing_.stack = 0;
        if (condemned_)
            outcome = Failure(condemned_why_);
        leave_slow(Context::process);
        return outcome;
    }

    // Returns when the handler that runs now has returned or waits. Process context.
    void pass_through();

    // --- the component manager: process context

    // Stops the strand at an event boundary. Parked handlers get `patience`, then their requests go
    // back to the queue. Errors: busy (another hold, or not open), io (it crashed meanwhile).
    Result<> hold(Nanos patience = default_patience);
    // The phase must be held. Requests in flight stay in flight.
    void rebind(const StrandTarget& target);
    void release();
    // Ends this life from outside; a handler inside finishes first and its answer still counts.
    void crash(Errno why);
    // The phase must be broken. Requests in flight go back to the queue in the order they were
    // issued; those that may not be repeated, or over which too many lives ended, are answered with
    // io at the release, when the device no longer knows their buffers. Held afterwards.
    void restart(const StrandTarget& target);
    // Everything is answered with io, now and later. Where the device was not reset, it may still
    // write into the buffers of requests it has: those frames are never used again.
    enum class DeviceIs : u8 { quiet, unknown };
    void give_up(DeviceIs device);
    void revive();
    // Runs queued requests and events. Called on the worker of a strand whose handlers may wait,
    // without a crew, and on the threads of a home, with what its target named. Does nothing while
    // the strand's target names another: false if there was work for that one.
    bool run_queue(const void* crew = nullptr);
    // A life in which a request of a timed operation has no answer after one to two times this
    // ends; 0: none does. Before the first request.
    void set_answer_limit(Nanos limit) { answer_limit_ = limit; }
    // Racy: settled while the strand is held. True if the target names a crew.
    bool runs_elsewhere() const { return elsewhere_.load(std::memory_order_relaxed); }

    GatePhase phase() const { return phase_.load(std::memory_order_acquire); }
    u64 epoch() const { return epoch_.load(std::memory_order_acquire); }
    // Racy figures for statistics.
    u32 in_flight() const { return in_flight_; }
    u32 queued() const { return queued_; }
    u64 repeated() const { return repeated_; }
    // Requests answered with io because lives ended over them.
    u64 convicted() const { return convicted_; }
    // Calls of children that go on without their handlers.
    u32 orphans() const { return orphans_.load(std::memory_order_relaxed); }
    u64 orphaned() const { return orphaned_; } // all there ever were
    // Requests answered so far. While nobody is inside.
    u64 answered() const;
    // What the last trap in a handler was. While nobody is inside.
    const TrapRecord& last_trap() const { return last_trap_; }

    // --- containment: inside the trap of the handler that runs

    const arch::Landing& landing() const { return landing_; }
    const arch::Landing& end_handler(const TrapRecord& record) {
        last_trap_ = record;
        is_touching_ = false;
        condemn(Errno::fault);
        return landing_;
    }
    // A look at the handler that runs, in the timer's interrupt: true once it has run on for too
    // many such looks (patience.h) without a wait.
    bool runs_too_long(Nanos moment);
    // Ends it for that.
    const arch::Landing& end_endless_handler() {
        condemn(Errno::timedout);
        return landing_;
    }
    // While set, the core reads or writes memory that the handler named, and holds nothing that a
    // trap there would leave behind: such a trap is the handler's. Owner.
    void set_touching(bool touches) { is_touching_ = touches; }
    bool is_touching() const { return is_touching_; }
    ListLink containment_link;
    u32 number = 0; // its instance's, for traces

private:
    enum class Context : u8 {
        submit,    // completions go to a worker
        interrupt, // completions run here
        process,
    };
    // A place in the in-flight table. `id` is the one its present or next request has: another life
    // of the place has another id, so an id says at once whether it still stands for something.
    struct Entry {
        GateCall* call = nullptr;
        u32 slot = 0;
        u32 generation = 0;
        Entry* next = nullptr; // free ones

        u64 id() const { return u64{generation} << 32 | slot; }
    };

    static constexpr u32 busy = 1;
    static constexpr u32 attention = 2; // leaving is leave_slow's work
    // GateCall::sequence_ of a request whose handler runs and has not answered pending.
    static constexpr u64 running = ~u64{0};

    bool try_enter() {
        u32 expected = 0;
        if (never_waits_)
            arch::disable_preemption();
        // Acquire: what the former owner wrote is seen.
        if (state_.compare_exchange_strong(expected, busy, std::memory_order_acquire,
                                           std::memory_order_relaxed)) [[likely]]
            return true;
        if (never_waits_)
            arch::enable_preemption();
        return false;
    }
    void leave(Context context) {
        u32 expected = busy;
        if (!state_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                            std::memory_order_relaxed)) [[unlikely]]
            leave_slow(context);
        if (never_waits_)
            arch::enable_preemption();
    }

    // Calls one of the target's handlers. Owner.
    template <typename Answer, typename Argument>
    Answer run_component(Answer (*handler)(component::Env&, Argument),
                         std::type_identity_t<Argument> argument) {
        if constexpr (std::is_void_v<Answer>) {
            arch::call_component(*target_.env, argument, handler, landing_);
            landing_.stack = 0;
        } else {
            const Answer answer = arch::call_component(*target_.env, argument, handler, landing_);
            landing_.stack = 0;
            return answer;
        }
    }
    component::Answer run_submit(const component::Request& request) {
        return run_component(target_.handlers.submit, request);
    }
    SubmitOutcome run_inline(GateCall& call) {
        if (!free_) [[unlikely]]
            return queue_as_owner(call);
        Entry& entry = issue(call);
        const component::Answer answer = run_submit(call.request);
        if (answer.kind != component::Answer::Kind::done || entry.call != &call) [[unlikely]]
            return finish_unanswered(call, answer);
        retire_entry(entry); // still the first of the free ones
        call.reply = reply_of(answer);
        leave(Context::submit);
        return SubmitOutcome::done;
    }
    static component::Reply reply_of(component::Answer answer) {
        // Two words, as the handler returned them: the compiler would store three.
        const std::array<u64, 2> words = {static_cast<u32>(answer.status), answer.value};
        return std::bit_cast<component::Reply>(words);
    }
    // Puts the call into the in-flight table. Owner. The fast path stores no more than is needed to
    // find it again: its place stays the first of the free ones, and what stays longer than its
    // handler takes it for good in keep_entry().
    Entry& issue(GateCall& call) {
        Entry& entry = *free_;
        entry.call = &call;
        call.request.id = entry.id();
        call.sequence_ = running;
        return entry;
    }
    void keep_entry(Entry& entry) {
        if (free_ == &entry)
            free_ = entry.next;
    }
    void mark_pending(GateCall& call) {
        keep_entry(entry_of(call));
        call.sequence_ = ++sequence_;
        call.state_ = CallState::issued;
        ++in_flight_;
        if (!is_answer_watched_ && call.is_timed()) [[unlikely]]
            watch_answers();
        trace(TraceEvent::request_begin, number, call.request.id, call.request.operation);
    }
    void free_entry(Entry& entry) {
        retire_entry(entry);
        if (free_ == &entry)
            return;
        // Behind the first, which may be in use.
        Entry*& place = free_ ? free_->next : free_;
        entry.next = place;
        place = &entry;
    }
    // The request in the entry is answered.
    static void retire_entry(Entry& entry) {
        entry.call = nullptr;
        ++entry.generation;
    }
    Entry& entry_of(const GateCall& call) { return table_[static_cast<u32>(call.request.id)]; }
    // Takes a call that is there out of the table.
    void take_out(GateCall& call) {
        if (call.sequence_ != running) {
            --in_flight_;
            trace(TraceEvent::request_end, number, call.request.id, call.request.operation);
        }
        free_entry(entry_of(call));
    }
    // The same without an answer: it goes back to the queue, or its strand is given up.
    void take_back(GateCall& call) {
        take_out(call);
        ++taken_back_;
    }
    void push_queue_front_locked(GateCall& call) {
        call.state_ = CallState::queued;
        queue_.push_front(call);
        ++queued_;
    }

    void reset_table();
    void watch_answers();
    void look_for_overdue();
    u64 oldest_timed() const;
    SubmitOutcome submit_slow(GateCall& call);
    SubmitOutcome queue_as_owner(GateCall& call);
    SubmitOutcome finish_unanswered(GateCall& call, component::Answer answer);
    bool take_answer(GateCall& call, u64 id, component::Answer answer, CallList& finished);
    component::Answer call_untracked_slow(const component::Request& request);
    void leave_slow(Context context);
    bool run_next_locked(CallList& finished);
    bool run_event_locked();
    void run_queued(GateCall& call, CallList& finished);
    bool gather_batch_locked(GateCall& first);
    void run_batch(CallList& finished);
    void return_unstarted(u32 index);
    GateCall* running_in_batch();
    void run_with_activation(GateCall& call, bool is_callers);
    void post_event(u32& pending, u32 bit);
    void take_ownership_locked() { state_.store(busy | attention, std::memory_order_relaxed); }
    void drain_as_owner(Context context);
    bool enter_for_request();
    void enter_exclusively();
    void take_step(GateEvent event);
    void crash_locked();
    void return_issued_locked();
    void blame_locked();
    GateCall* running_call();
    void abandon_parked_locked();
    void hurry_locked();
    void orphan_is_over();
    void dismiss_locked(CallList& calls, CallList& told);
    void end_with(GateCall& call, Errno error, CallList& finished);
    bool has_work_locked() const;
    bool runs_inline() const { return never_waits_ && !runs_elsewhere(); }
    void set_target_locked(const StrandTarget& target) {
        target_ = target;
        elsewhere_.store(target.crew != nullptr, std::memory_order_relaxed);
    }
    bool is_cautious() const { return cautious_until_ != 0; }
    // Acquire: who then takes the strand sees what an owner wrote that left without the lock.
    bool is_busy() const { return (state_.load(std::memory_order_acquire) & busy) != 0; }

    Observer& observer_;
    const bool never_waits_;
    std::atomic<u32> state_{0}; // keeps `attention` while the target has a crew: no fast path
    std::atomic<bool> elsewhere_{false}; // target_.crew is set; written under lock_

    // Owner.
    StrandTarget target_;
    arch::Landing landing_; // of the handler that runs
    TrapRecord last_trap_;
    bool is_touching_ = false;
    u64 seen_entry_ = 0; // of landing_, at the last look
    u32 looks_ = 0;      // with it
    Nanos last_look_{};
    Entry* free_ = nullptr;
    bool condemned_ = false;
    Errno condemned_why_ = Errno::io;
    u64 suspect_ = 0;   // id of the request whose handler ran when it was condemned
    u32 in_flight_ = 0; // answered pending, or waiting in their handlers
    u64 sequence_ = 0;
    u64 taken_back_ = 0;
    bool lends_ = false; // keeps `attention`
    CallList finished_;
    Activation* current_ = nullptr; // whose handler runs, in strands that may wait
    std::atomic<Thread*> runner_{nullptr}; // and the thread that runs it
    Entry table_[slot_count];
    Batch batch_;

    // Guarded by lock_.
    Lock<lock_class::gate> lock_;
    std::atomic<GatePhase> phase_{GatePhase::held};
    std::atomic<u64> epoch_{1};
    CallList queue_;
    u32 queued_ = 0;
    bool device_full_ = false; // the instance answered busy; cleared by its next completion
    u32 pending_interrupts_ = 0;
    u32 pending_timers_ = 0;
    List<Activation, &Activation::link> parked_;
    bool abandon_wanted_ = false; // a hold lost its patience with the parked ones
    Thread* hurried_ = nullptr;   // the runner that a hold made urgent
    u32 entering_ = 0;            // threads that want to enter with a new request
    u32 reentering_ = 0;          // parked handlers that want back in
    u64 repeated_ = 0;
    u64 convicted_ = 0;
    CallList dismissed_; // by restart(), to be told at the release
    std::atomic<u32> orphans_{0}; // written under lock_
    u64 orphaned_ = 0;
    CallList owed_;               // to be told when there are no orphans
    // After an end that may be any request's fault, those that were in flight run one by one, until
    // answered() is this.
    u64 cautious_until_ = 0;

    struct AnswerTimer : Timer {
        AnswerTimer() : Timer(&fired) {}
        static void fired(Timer& timer) {
            static_cast<AnswerTimer&>(timer).owner->look_for_overdue();
        }
        Strand* owner = nullptr;
    };
    AnswerTimer answer_timer_;
    Nanos answer_limit_{};
    bool is_answer_watched_ = false; // owner
    u64 overdue_ = 0;                // owner; id of the oldest request at the last look

    WaitQueue entry_; // both kinds of them
    WaitQueue phase_changed_;
};

} // namespace core
