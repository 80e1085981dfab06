// SPDX-License-Identifier: BSD-2-Clause
#include "core/task/thread.h"

#include "base/memory_functions.h"
#include "core/sched/scheduler.h"
#include "core/vm/address_space.h"

namespace core {

Thread::Thread(KernelStack stack) : stack_(std::move(stack)) {}

Thread::~Thread() {
    if (personality && personality->release)
        personality->release(*this);
}

Result<Ref<Thread>> Thread::create_kernel(std::string_view name, Entry entry, void* argument) {
    auto thread = TRY(Ref<Thread>::create(TRY(KernelStack::create())));
    thread->set_name(name);
    arch::prepare_kernel_start(thread->context, thread->stack_top(), entry, argument);
    return thread;
}

Result<Ref<Thread>> Thread::create_user(std::string_view name, Ref<AddressSpace> space,
                                        const Personality& personality, void* data) {
    auto thread = TRY(Ref<Thread>::create(TRY(KernelStack::create())));
    TRY(arch::create_vector_state(thread->context));
    thread->set_name(name);
    thread->space_ = std::move(space);
    thread->personality = &personality;
    thread->personality_data = data;
    arch::prepare_user_start(thread->context, thread->stack_top());
    return thread;
}

Result<Ref<Thread>> Thread::create_idle(std::string_view name) {
    auto thread = TRY(Ref<Thread>::create(KernelStack()));
    thread->set_name(name);
    return thread;
}

void Thread::start() { Scheduler::start(*this); }

void Thread::exit() {
    Thread& self = current();
    self.replace_address_space(nullptr);
    arch::disable_interrupts();
    self.state_.store(ThreadState::dead, std::memory_order_relaxed);
    Scheduler::reschedule();
    __builtin_unreachable();
}

arch::UserFrame& Thread::frame() const {
    return *reinterpret_cast<arch::UserFrame*>(arch::user_frame_address(stack_top()));
}

RefOrNull<AddressSpace> Thread::replace_address_space(RefOrNull<AddressSpace> space) {
    ASSERT(this == &current());
    arch::disable_preemption();
    RefOrNull<AddressSpace> old = std::move(space_);
    space_ = std::move(space);
    arch::load_page_table(space_ ? &space_->page_table() : nullptr);
    arch::enable_preemption();
    return old;
}

void Thread::add_work(u32 bits) {
    work_.fetch_or(bits, std::memory_order_acq_rel);
    if ((bits & (thread_work::interrupt | thread_work::kill)) != 0 &&
        sleep_interrupted(sleep_kind_))
        Scheduler::wake(*this);
    // Running in user mode on another CPU: bring it in, so that it sees the work.
    if (scheduling.on_cpu.load(std::memory_order_acquire) && this != arch::current_thread())
        arch::send_reschedule(scheduling.cpu);
}

void Thread::set_name(std::string_view name) {
    const usize length = name.size() < sizeof name_ - 1 ? name.size() : sizeof name_ - 1;
    memcpy(name_, name.data(), length);
    memset(name_ + length, 0, sizeof name_ - length);
}

CpuTimeSplit Thread::cpu_time() const {
    if (this == &current())
        Scheduler::account_current();
    return scheduling.consumed.split(personality != nullptr);
}

} // namespace core
