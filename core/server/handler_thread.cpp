// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/handler_thread.h"

#include "arch/api/user_run.h"
#include "core/component/env_calls.h"
#include "core/gate/patience.h"
#include "core/server/server_process.h"
#include "core/time/clock.h"

namespace core::server {

using namespace component::server;

namespace {

struct Alone {
    HandlerThread* thread;
    Entry entry;
    u64 argument;
};

} // namespace

Result<Box<HandlerThread>> HandlerThread::create(ServerProcess& process, u32 index, Blocks blocks) {
    auto thread = TRY(Box<HandlerThread>::create(process, index));
    TRY(thread->prepare(blocks));
    return thread;
}

u64 HandlerThread::base() const { return thread_base + index_ * thread_stride; }

Result<> HandlerThread::prepare(Blocks blocks) {
    constexpr auto writable = Protection::read | Protection::write;
    ServerMemory& memory = process_.memory();
    memory_ = process_.thread_memory(index_);
    u8* const stack = copies() + copies_size;
    TRY(memory.map(base(), memory_, page_size, writable));
    TRY(memory.map(base() + copies_offset, copies(), copies_size, writable));
    TRY(memory.map(base() + stack_offset, stack, stack_size, writable));
    has_blocks_ = blocks == Blocks::with;
    if (has_blocks_)
        TRY(blocks_.create(memory, base() + blocks_offset, stack + stack_size));
    Ref<Thread> thread =
        TRY(Thread::create_kernel(process_.instance().name(), &ServerProcess::thread_main, this));
    TRY(arch::create_vector_state(thread->context));
    thread->personality = &server_personality;
    thread->personality_data = this;
    stack_ = TRY(KernelStack::create());
    thread_ = std::move(thread);
    return {};
}

void HandlerThread::run(void (*work)(void* thread)) {
    arch::arch_continue_on_stack(stack_.top().value, work, this);
}

void HandlerThread::exit(KernelStack stack) {
    Thread& self = Thread::current();
    self.personality_data = nullptr;
    self.adopt_stack(std::move(stack)); // its own has nothing on it any more
    Thread::exit();
}

// --- entering

HandlerThread::Words HandlerThread::enter(Entry entry, u64 argument) {
    entries_.store(entries_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    inside_.store(true, std::memory_order_release);
    process_.begin_watch();
    arch::UserFrame frame;
    // As if the entry had been called: the stack is off by the return address.
    const u64 stack = base() + stack_offset + stack_size - sizeof(u64);
    arch::prepare_start(frame, process_.program_entry(), stack, false);
    arch::set_call_arguments(frame, static_cast<u64>(entry), argument, base(),
                             process_.arena_size());
    arch::arch_run_user(frame, user_caller_);
    mark_outside();
    return answer_;
}

void HandlerThread::forget_handler() {
    view_count_ = 0;
    copies_used_ = 0;
    services_ = nullptr;
    if (has_blocks_)
        blocks_.clear(process_.memory());
}

HandlerThread::Words HandlerThread::run_handler(Entry entry, u64 argument) {
    forget_handler();
    in_handler_ = true;
    const Words words = enter(entry, argument);
    end_views();
    in_handler_ = false;
    return words;
}

Result<> HandlerThread::run_alone(Entry entry, u64 argument) {
    in_handler_ = false;
    alone_error_ = Errno::io;
    const Alone alone{this, entry, argument};
    u64 (*const enter_alone)(component::Env&, const Alone*) = [](component::Env&,
                                                                 const Alone* what) {
        return what->thread->enter(what->entry, what->argument).first;
    };
    const u64 said = arch::call_component<u64, const Alone*>(process_.instance().env(), &alone,
                                                             enter_alone, own_landing_);
    if (said == arch::handler_ended)
        return Failure(alone_error_);
    if (said != 0)
        return Failure(static_cast<Errno>(said & 0xfff));
    return {};
}

void HandlerThread::finish(Words words) {
    answer_ = words;
    arch::arch_leave_user(user_caller_);
}

void HandlerThread::end(Errno why, const TrapRecord* trap) {
    mark_outside();
    if (!in_handler_) {
        alone_error_ = why;
        leave_component(own_landing_);
    }
    in_handler_ = false;
    Strand& strand = process_.instance().strand();
    if (trap)
        leave_component(strand.end_handler(*trap));
    strand.condemn(why);
    leave_component(strand.landing());
}

const component::VolumeServices* HandlerThread::services() const {
    if (!services_)
        return nullptr;
    const GateCall* call = process_.instance().strand().find(services_request_);
    return call && call->services == services_ ? services_ : nullptr;
}

bool HandlerThread::serves_operation(u16 operation) const {
    const GateCall* call = process_.instance().strand().find(services_request_);
    return services() && call->request.operation == operation;
}

// --- buffers

Result<HandlerThread::View> HandlerThread::view_buffer(u64 request,
                                                       const component::Buffer& buffer,
                                                       u64 offset) {
    if (offset >= buffer.length)
        return Failure(Errno::inval);
    if (const u32 viewer = page().running; viewer != viewer_) {
        end_views(); // an earlier handler's of the batch
        viewer_ = viewer;
    }
    const u64 room = copies_size - copies_used_;
    const u64 length = buffer.length - offset < room ? buffer.length - offset : room;
    if (length == 0 || view_count_ == maximum_views)
        return Failure(Errno::nomem);
    Instance& instance = process_.instance();
    BufferView& view = views_[view_count_];
    view = {buffer, request, copies_used_, true};
    view.part.offset += offset;
    view.part.length = length;
    if (buffer.object == component::ObjectId::own_request) {
        const GateCall* call = instance.strand().find(request);
        view.is_writable = call && (static_cast<u32>(call->request.buffer.rights) &
                                    static_cast<u32>(component::BufferRights::write)) != 0;
    }
    u8* place = copies() + copies_used_;
    const i64 copied = EnvCalls::copy(instance, request, view.part, 0, place, length, false);
    if (copied < 0)
        return Failure(static_cast<Errno>(-copied));
    ++view_count_;
    const u64 address = base() + copies_offset + copies_used_;
    copies_used_ = (copies_used_ + length + 15) & ~u64{15};
    return View{address, length};
}

void HandlerThread::end_views() {
    for (u32 i = 0; i < view_count_; ++i) {
        const BufferView& view = views_[i];
        if (view.is_writable)
            (void)EnvCalls::copy(process_.instance(), view.request, view.part, 0,
                                 copies() + view.place, view.part.length, true);
    }
    view_count_ = 0;
    copies_used_ = 0;
}

// --- the watch

bool HandlerThread::looks_stuck(Look look) {
    if (!is_inside())
        return false;
    const CpuTimeSplit used = thread_->cpu_time();
    const Nanos time = used.user + used.system;
    const u64 entry = entries_.load(std::memory_order_relaxed);
    // One that waits now and then, as for a device at start, is not hung, and its work adds up.
    const u64 waits = thread_->voluntary_switches();
    if (entry != seen_entry_ || waits != seen_waits_) {
        seen_entry_ = entry;
        seen_waits_ = waits;
        looks_ = 0;
    } else if (time > seen_time_ && look == Look::on_time) {
        ++looks_;
    }
    seen_time_ = time;
    return looks_ >= hang_limit().value / watch_interval.value;
}

void HandlerThread::want_end() {
    unwanted_entry_.store(seen_entry_, std::memory_order_release);
    thread_->add_work(thread_work::kill);
}

void HandlerThread::answer_call_in() {
    Thread::current().clear_work(~u32{0});
    if (unwanted_entry_.load(std::memory_order_acquire) == entries_.load())
        end(Errno::timedout);
}

} // namespace core::server
