// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/injection.h"

#include "arch/api/text_faults.h"
#include "base/split_mix.h"
#include "core/component/env_calls.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"

namespace core {

using component::Answer;
using component::Env;
using component::Request;

namespace {

constexpr std::string_view names[fault_kind_count] = {
    "fault",     "illegal", "loop", "bad-call", "bad-answer",  "double-completion",
    "missing-completion", "lost-irq", "no-memory", "bit", "nop", "source",
    "destination", "branch", "pointer", "state", "stray-dma"};

std::optional<arch::TextFault> text_fault(FaultKind kind) {
    switch (kind) {
    case FaultKind::fault: return arch::TextFault::bad_pointer;
    case FaultKind::illegal: return arch::TextFault::illegal;
    case FaultKind::loop: return arch::TextFault::endless_loop;
    case FaultKind::bit: return arch::TextFault::bit;
    case FaultKind::nop: return arch::TextFault::nop;
    case FaultKind::source: return arch::TextFault::source;
    case FaultKind::destination: return arch::TextFault::destination;
    case FaultKind::branch: return arch::TextFault::branch;
    case FaultKind::pointer: return arch::TextFault::pointer;
    default: return {};
    }
}

Instance& instance_of(Env& env) { return static_cast<KernelEnv&>(env).instance; }

} // namespace

std::string_view fault_kind_name(FaultKind kind) { return names[static_cast<u32>(kind)]; }

std::optional<FaultKind> parse_fault_kind(std::string_view name) {
    for (u32 i = 0; i < fault_kind_count; ++i) {
        if (names[i] == name)
            return static_cast<FaultKind>(i);
    }
    return {};
}

bool may_inject_faults() {
#ifdef PITH_DEBUG
    return true;
#else
    return has_boot_option("pith.inject");
#endif
}

// --- faults of the interface

component::Handlers Injection::arm(FaultKind kind, const component::Handlers& clean) {
    clean_ = clean;
    kind_ = kind;
    armed_ = true;
    pending_id_ = 0;
    ++injected_;
    component::Handlers faulty = clean;
    faulty.submit = &Injection::submit;
    if (clean.interrupt)
        faulty.interrupt = &Injection::interrupt;
    return faulty;
}

// A handler that is ended by its own trap never comes back here: nothing below has a destructor.
Answer Injection::submit(Env& env, const Request& request) {
    Instance& instance = instance_of(env);
    Injection& self = instance.injection();
    if (!self.armed_ || self.kind_ == FaultKind::lost_irq)
        return self.clean_.submit(env, request);
    if (self.kind_ == FaultKind::double_completion)
        return self.answer_twice(instance, env, request);
    self.commit();
    constexpr u32 no_timer = ~u32{0};
    switch (self.kind_) {
    case FaultKind::bad_call: (void)EnvCalls::set_timer(&env, no_timer, 0); break;
    case FaultKind::bad_answer: return {static_cast<Answer::Kind>(77), 0, 0};
    default: break;
    }
    return Answer::pending();
}

Answer Injection::answer_twice(Instance& instance, Env& env, const Request& request) {
    const u64 id = request.id;
    const Answer answer = clean_.submit(env, request);
    if (answer.kind == Answer::Kind::pending && pending_id_ == 0)
        pending_id_ = id;
    if (answer.kind != Answer::Kind::done)
        return answer;
    commit();
    (void)instance.strand().complete(id, {answer.status, 0, answer.value});
    return answer;
}

void Injection::interrupt(Env& env, u32 line) {
    Instance& instance = instance_of(env);
    Injection& self = instance.injection();
    if (self.armed_ && self.kind_ == FaultKind::lost_irq)
        return self.commit();
    self.clean_.interrupt(env, line);
    const bool second_is_due = self.armed_ && self.kind_ == FaultKind::double_completion &&
                               self.pending_id_ != 0 &&
                               !instance.strand().find(self.pending_id_);
    if (!second_is_due)
        return;
    self.commit();
    (void)EnvCalls::complete(&env, self.pending_id_, 0, 0);
}

// --- the operator's side

Result<> Instance::inject(FaultKind kind, u64 seed) {
    if (!may_inject_faults())
        return Failure(Errno::opnotsupp);
    OperationsGuard guard(operations_);
    if (state() != InstanceState::running)
        return Failure(Errno::busy);
    // Every seed, also a small one, chooses all over the range.
    const u64 random = base::split_mix(seed + base::split_mix_step);
    LOG_WARNING("{}: a fault is made: {}, seed {}", name(), fault_kind_name(kind), seed);
    if (const auto fault = text_fault(kind))
        return damage_text(*fault, random);
    if (kind == FaultKind::no_memory) {
        injection_.fail_next_allocation();
        patience_.operator_asked = true;
        strand_.crash(Errno::canceled);
        return {};
    }
    if (kind == FaultKind::lost_irq && !object().descriptor().handlers.interrupt)
        return Failure(Errno::nodev);
    if (kind == FaultKind::stray_dma && !domain_)
        return Failure(Errno::nodev);
    TRY(strand_.hold());
    if (kind == FaultKind::stray_dma) {
        injection_.lead_next_address_astray();
    } else if (kind == FaultKind::state) {
        const u64 bit = random % (object().descriptor().arena_bytes * 8);
        arena_.as<u8>()[bit / 8] ^= static_cast<u8>(1u << bit % 8);
        injection_.count_injected();
    } else {
        StrandTarget target = home_->target(env_);
        target.handlers = injection_.arm(kind, target.handlers);
        target.submit_batch = nullptr; // each request passes by the faulty handler
        strand_.rebind(target);
    }
    strand_.release();
    return {};
}

// A life in the kernel gets a copy of the text for itself first: others share the usual one.
Result<> Instance::damage_text(arch::TextFault fault, u64 random) {
    const component::Handlers& handlers = object().descriptor().handlers;
    const bool events = handlers.interrupt && (random >> 48 & 1);
    const u64 entry = events ? reinterpret_cast<u64>(handlers.interrupt)
                             : reinterpret_cast<u64>(handlers.submit);
    if (placement() != Placement::server && !home_->is_spoiled())
        TRY(change_home(TRY(make_private_kernel_home(
            Ref<ComponentObject>::share(object()), placement()))));
    TRY(strand_.hold());
    const auto change = arch::make_text_fault(fault, home_->text(),
                                              entry - object().resident_address(), random);
    Result<> done;
    if (change)
        done = home_->overwrite(change->offset, std::span(change->bytes).first(change->length));
    else
        done = Failure(change.error());
    strand_.release();
    if (done)
        injection_.count_injected();
    return done;
}

} // namespace core
