// SPDX-License-Identifier: BSD-2-Clause
// A thread of a server process: a kernel thread that runs the strand's queue and, for each handler,
// goes to user mode and comes back. What one handler has asked for (views of buffers, copies of
// blocks) is kept here until it ends.
#pragma once

#include "abi/component/file_system.h"
#include "abi/component/server_calls.h"
#include "core/component/instance.h"
#include "core/sched/urgency.h"
#include "core/server/block_copies.h"
#include "core/task/thread.h"

namespace core::server {

class ServerProcess;

class HandlerThread {
public:
    enum class Blocks : u8 { without, with }; // may its handlers ask for metadata blocks?
    // Of its own in the process, which lie in one piece of memory for all threads.
    static constexpr u64 memory_size(Blocks blocks) {
        return page_size + component::server::copies_size + component::server::stack_size +
               (blocks == Blocks::with ? BlockCopies::reserved_bytes : 0);
    }
    // Not started. Errors: nomem.
    static Result<Box<HandlerThread>> create(ServerProcess& process, u32 index, Blocks blocks);
    void start() { thread_->start(); }
    // The instance's lock is held.
    void begin_urgency() {
        if (!std::exchange(is_urgent_, true))
            Urgency::begin(*thread_);
    }
    void end_urgency() {
        if (std::exchange(is_urgent_, false))
            Urgency::end(*thread_);
    }
    // Runs `work` on the calling thread, which is this one, until it ends it.
    [[noreturn]] void run(void (*work)(void* thread));
    // Gives the thread back the stack it ends on, and forgets everything else of it. Ends it.
    [[noreturn]] static void exit(KernelStack stack);
    KernelStack take_stack() { return std::move(stack_); }
    // The calling thread, which is one.
    static HandlerThread& current() {
        return *static_cast<HandlerThread*>(Thread::current().personality_data);
    }

    ServerProcess& process() { return process_; }
    component::server::HandlerPage& page() {
        return *reinterpret_cast<component::server::HandlerPage*>(memory_);
    }

    // Enters the host for a handler, whose caller has entered the strand; what it said by `done`.
    // Does not return if the handler was ended: then the strand's call of the handler does.
    struct Words {
        u64 first = 0;
        u64 second = 0;
    };
    Words run_handler(component::server::Entry entry, u64 argument);
    // The same outside the strand, where the host has no calls on the instance. Errors: what it
    // said, or what it was ended for.
    Result<> run_alone(component::server::Entry entry, u64 argument);
    // Inside run_handler: there is an instance to call.
    bool is_in_handler() const { return in_handler_; }

    // --- inside an entry from user mode

    [[noreturn]] void finish(Words words);
    // Ends the handler that runs, and with it this life of the instance.
    [[noreturn]] void end(Errno why, const TrapRecord* trap = nullptr);

    // The piece of a request's buffer from `offset` on, as far as there is room, copied to where
    // the handler may read and write it. Answers its length. Errors: those of the buffer, nomem.
    struct View {
        u64 address = 0;
        u64 length = 0;
    };
    Result<View> view_buffer(u64 request, const component::Buffer& buffer, u64 offset);
    // Before a request is answered and before a wait: views end, and what the handler wrote there
    // reaches the buffers.
    void end_views();

    BlockCopies& blocks() { return blocks_; }
    bool has_blocks() const { return has_blocks_; }
    // The services of the request that the handler serves; null before it asked for them and when
    // the request is answered.
    const component::VolumeServices* services() const;
    void set_services(const component::VolumeServices* services, u64 request) {
        services_ = services;
        services_request_ = request;
    }
    // True if these are a request's of that operation.
    bool serves_operation(u16 operation) const;
    // True if a handler of this thread uses services of that request.
    bool serves(u64 request) const { return services_ && services_request_ == request; }

    // --- the watch over handlers that never return: any context

    static constexpr Nanos watch_interval = base::milliseconds(10);
    // To be asked at that interval: true if a handler has run on for too long (patience.h).
    enum class Look : u8 { on_time, late };
    bool looks_stuck(Look look);
    bool is_inside() const { return inside_.load(std::memory_order_acquire); }
    void want_end();
    // The thread was called in; ends the handler if that was meant.
    void answer_call_in();

    // Whatever was inside was abandoned or has ended.
    void leave_handler() {
        mark_outside();
        services_ = nullptr;
    }

private:
    friend class Box<HandlerThread>;
    struct BufferView {
        component::Buffer part; // exactly what is copied
        u64 request;
        u64 place; // in the copies
        bool is_writable;
    };
    static constexpr u32 maximum_views = 8;

    HandlerThread(ServerProcess& process, u32 index) : process_(process), index_(index) {}
    Result<> prepare(Blocks blocks);
    Words enter(component::server::Entry entry, u64 argument);
    u64 base() const;
    u8* copies() const { return memory_ + page_size; }
    void forget_handler();
    void mark_outside() { inside_.store(false, std::memory_order_release); }

    ServerProcess& process_;
    const u32 index_;
    RefOrNull<Thread> thread_;
    KernelStack stack_;  // where the kernel's part runs: the thread's own is for entries
    u64 user_caller_ = 0; // where it waits there while the thread is in user mode
    u8* memory_ = nullptr; // the page, the copies, the stack, the first blocks
    BlockCopies blocks_;
    bool has_blocks_ = false;
    bool is_urgent_ = false;

    Words answer_;
    bool in_handler_ = false;
    arch::Landing own_landing_; // of run_alone
    Errno alone_error_ = Errno::io;
    BufferView views_[maximum_views];
    u32 view_count_ = 0;
    u32 viewer_ = 0; // HandlerPage::running when they were made
    u64 copies_used_ = 0;
    const component::VolumeServices* services_ = nullptr;
    u64 services_request_ = 0;

    std::atomic<bool> inside_{false};
    std::atomic<u64> entries_{0};
    std::atomic<u64> unwanted_entry_{0};
    u64 seen_entry_ = 0; // the watch's
    u64 seen_waits_ = 0;
    Nanos seen_time_{};
    u32 looks_ = 0;
};

// What runs the programs of server processes.
extern const Personality server_personality;

} // namespace core::server
