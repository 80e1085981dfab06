// SPDX-License-Identifier: BSD-2-Clause
#include "core/server/server_process.h"

#include "base/bits.h"
#include "base/memory_functions.h"
#include "core/component/env_calls.h"
#include "core/gate/waiting.h"
#include "core/observe/log.h"
#include "core/server/host_image.h"
#include "core/time/clock.h"

namespace core::server {

using namespace component::server;

namespace {

constexpr auto read_write = Protection::read | Protection::write;
// A handler that waits keeps its thread. A volume has nine requests under way at most, of which one
// is a commit's; one more thread is there for the manager.
constexpr u32 threads_that_wait = 10;

} // namespace

Result<Ref<ServerProcess>> ServerProcess::create(Instance& instance) {
    Ref<ServerProcess> process = TRY(Ref<ServerProcess>::create(
        Ref<Instance>::share(instance), TRY(ServerMemory::create())));
    TRY(process->prepare());
    struct Loading {
        u64 bytes;
        Result<> outcome;
    } loading{instance.object().bytes().size(), {}};
    process->run_job(
        [](HandlerThread& thread, void* argument) {
            auto& job = *static_cast<Loading*>(argument);
            job.outcome = thread.run_alone(Entry::load, job.bytes);
        },
        &loading);
    const bool is_loaded = loading.outcome && process->text_size_ != 0;
    if (!is_loaded) {
        LOG_ERROR("{}: its server cannot load it: {}", instance.name(),
                  loading.outcome ? Errno::noexec : loading.outcome.error());
        process->stop();
        return Failure(loading.outcome ? Errno::noexec : loading.outcome.error());
    }
    return process;
}

Result<> ServerProcess::prepare() {
    watch_timer_.owner = this;
    program_entry_ = TRY(map_host_program(memory_, program_data_));
    std::span<const u8> bytes = instance_->object().bytes();
    const u64 size = base::align_up<u64>(bytes.size(), page_size);
    if (reinterpret_cast<u64>(bytes.data()) % page_size != 0) {
        object_copy_ =
            TRY(KernelMapping::allocate(Bytes(size), KernelProtection::read_write));
        memcpy(object_copy_.as<u8>(), bytes.data(), bytes.size());
        bytes = {object_copy_.as<u8>(), bytes.size()};
    }
    TRY(memory_.map(object_base, bytes.data(), size, Protection::read));
    TRY(memory_.map(arena_base, instance_->arena().as<u8>(), arena_size(), read_write));
    if (const Result<> started = start_threads(); !started) {
        stop();
        return started;
    }
    return {};
}

Result<> ServerProcess::start_threads() {
    const bool waits = !instance_->strand().never_waits();
    const auto blocks = waits ? HandlerThread::Blocks::with : HandlerThread::Blocks::without;
    const u32 count = waits ? threads_that_wait : 1;
    thread_memory_size_ = HandlerThread::memory_size(blocks);
    threads_memory_ = TRY(KernelMapping::allocate(Bytes(count * thread_memory_size_),
                                                  KernelProtection::read_write));
    for (u32 i = 0; i < count; ++i) {
        threads_[i] = TRY(HandlerThread::create(*this, i, blocks)).release();
        ++thread_count_;
        add_reference(); // the thread's own, until it is outside for good
        if (Urgency::is_here())
            threads_[i]->begin_urgency();
        threads_[i]->start();
    }
    return {};
}

ServerProcess::~ServerProcess() {
    watch_timer_.cancel();
    for (HandlerThread* thread : threads_)
        delete thread;
}

void ServerProcess::stop() {
    stopping_.store(true, std::memory_order_release);
    instance_->crew().call_all();
}

void ServerProcess::thread_main(void* thread) {
    static_cast<HandlerThread*>(thread)->run(&ServerProcess::run_thread);
}

void ServerProcess::run_thread(void* argument) {
    auto& thread = *static_cast<HandlerThread*>(argument);
    KernelStack stack;
    {
        const Ref<ServerProcess> process = Ref<ServerProcess>::adopt(&thread.process());
        Thread::current().replace_address_space(process->memory_.space());
        process->serve(thread);
        Thread::current().replace_address_space(nullptr);
        stack = thread.take_stack(); // we are on it: it outlives the process
    }
    HandlerThread::exit(std::move(stack));
}

void ServerProcess::serve(HandlerThread& thread) {
    Crew& crew = instance_->crew();
    while (true) {
        crew.wait([this] {
            return stopping_.load(std::memory_order_acquire) ||
                   order_.load(std::memory_order_acquire) != nullptr;
        });
        if (stopping_.load(std::memory_order_acquire))
            break;
        if (Order* order = order_.exchange(nullptr, std::memory_order_acq_rel)) {
            order->function(thread, order->argument);
            wake_waiting(order->waiting);
        } else if (crew.take_kick() && !instance_->strand().run_queue(this)) {
            crew.kick(); // it was meant for the home after this one, which was told to stop
        }
        thread.leave_handler();
    }
    crew.pass_on();
}

void ServerProcess::run_job(Job function, void* argument) {
    Order order;
    order.function = function;
    order.argument = argument;
    order_.store(&order, std::memory_order_release);
    instance_->crew().call_all();
    wait_for_call(order.waiting);
}

// --- calls of the host

Result<> ServerProcess::make_room(u64 bytes) {
    if (code_.size().value != 0 || bytes == 0 || bytes > code_limit || bytes % page_size != 0)
        return Failure(Errno::inval);
    code_ = TRY(KernelMapping::allocate(Bytes(bytes), KernelProtection::read_write));
    return memory_.map(code_base, code_.as<u8>(), bytes, read_write);
}

Result<> ServerProcess::seal(u64 text_bytes) {
    if (text_size_ != 0 || text_bytes == 0 || text_bytes > code_size() ||
        text_bytes % page_size != 0)
        return Failure(Errno::inval);
    text_size_ = text_bytes;
    memory_.protect(code_base, text_bytes, Protection::read | Protection::execute);
    memory_.protect(code_base + text_bytes, code_size() - text_bytes, Protection::read);
    return {};
}

Result<u64> ServerProcess::show_dma(u32 block, std::span<u8> memory) {
    const u64 address = dma_base + block * dma_stride;
    if (block < 64 && (shown_dma_ & (u64{1} << block)) != 0)
        return address;
    TRY(memory_.map(address, memory.data(), base::align_up<u64>(memory.size(), page_size),
                    read_write));
    if (block < 64)
        shown_dma_ |= u64{1} << block;
    return address;
}

void ServerProcess::hide_dma(u32 block) {
    memory_.unmap(dma_base + block * dma_stride, dma_stride);
    if (block < 64)
        shown_dma_ &= ~(u64{1} << block);
}

Result<> ServerProcess::show_old_arena(HandlerThread& thread, const KernelMapping& old) {
    thread.page().old_arena_size = old.size().value;
    return memory_.map(old_arena_base, old.as<u8>(), old.size().value, Protection::read);
}

void ServerProcess::hide_old_arena(const KernelMapping& old) {
    memory_.unmap(old_arena_base, old.size().value);
}

Result<std::span<u8>> ServerProcess::show_window(u32 window, u64 offset) {
    const u64 chunk = offset / window_chunk;
    const u64 begin = chunk * window_chunk;
    const u64 address = window_base + window * window_stride;
    Device* device = instance_->device();
    if (!device || window >= device->windows().size() || offset >= window_stride)
        return Failure(Errno::inval);
    std::span<u8> memory = TRY(device->storage(window, begin));
    if (memory.size() > window_chunk)
        memory = memory.first(window_chunk);
    if (memory.size() <= offset - begin)
        return Failure(Errno::inval);
    const bool is_counted = window == 0 && chunk < counted_chunks;
    u64& word = shown_chunks_[is_counted ? chunk / 64 : 0];
    const u64 bit = u64{1} << chunk % 64;
    if (!is_counted || !(word & bit))
        TRY(memory_.map(address + begin, memory.data(),
                        base::align_up<u64>(memory.size(), page_size), read_write));
    if (is_counted)
        word |= bit;
    return std::span<u8>(reinterpret_cast<u8*>(address + offset), memory.size() - (offset - begin));
}

bool ServerProcess::is_served_elsewhere(u64 request, const HandlerThread& here) const {
    for (u32 i = 0; i < thread_count_; ++i) {
        if (threads_[i] != &here && threads_[i]->serves(request))
            return true;
    }
    return false;
}

// --- traps

const char* ServerProcess::text_at(u64 address) const {
    if (address < code_base + text_size_ || address >= code_base + code_size())
        return nullptr;
    const char* text = code_.as<char>() + (address - code_base);
    return __builtin_memchr(text, 0, code_base + code_size() - address) ? text : nullptr;
}

u64 ServerProcess::text_offset(u64 address) const {
    return address - code_base < text_size_ ? address - code_base : ~u64{0};
}

// Through the kernel's own view of the pages, which is writable.
void ServerProcess::overwrite(u64 offset, std::span<const u8> bytes) {
    memcpy(code_.as<u8>() + offset, bytes.data(), bytes.size());
}

// --- the watch

void ServerProcess::begin_watch() {
    if (watching_.load(std::memory_order_relaxed)) [[likely]]
        return;
    if (!watching_.exchange(true, std::memory_order_acq_rel))
        arm_watch();
}

void ServerProcess::arm_watch() {
    watch_due_ = now() + HandlerThread::watch_interval;
    watch_timer_.arm(watch_due_);
}

void ServerProcess::watch_is_due(Timer& timer) {
    static_cast<WatchTimer&>(timer).owner->watch();
}

// In the timer's interrupt. Goes on while a handler is inside.
void ServerProcess::watch() {
    using Look = HandlerThread::Look;
    constexpr Nanos tolerance = base::milliseconds(1);
    const Look look = now() < watch_due_ + tolerance ? Look::on_time : Look::late;
    bool goes_on = false;
    watching_.store(false, std::memory_order_seq_cst);
    for (u32 i = 0; i < thread_count_; ++i) {
        if (threads_[i]->looks_stuck(look))
            threads_[i]->want_end();
        goes_on = goes_on || threads_[i]->is_inside();
    }
    if (goes_on && !watching_.exchange(true, std::memory_order_acq_rel))
        arm_watch();
}

} // namespace core::server
