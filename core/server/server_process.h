// SPDX-License-Identifier: BSD-2-Clause
// A server process: an address space with the host program, the component's object and the
// instance's arena in it, and the threads that enter it. It has no handles and no files: what it
// may do is in server_calls.cpp. One of its threads at a time is in user mode for a handler, for
// then it owns the strand; besides, one may load or hash the object, and has no calls meanwhile.
#pragma once

#include "abi/component/server_calls.h"
#include "core/component/instance.h"
#include "core/server/handler_thread.h"
#include "core/server/server_memory.h"

namespace core::server {

class ServerProcess final : public RefCounted<ServerProcess> {
public:
    // With the object loaded. Process context. Errors: nomem, noexec, and what ended the loading.
    static Result<Ref<ServerProcess>> create(Instance& instance);
    ~ServerProcess();
    // Its threads end when they are not inside a call any more. They keep the process until then.
    void stop();

    // Runs `function(argument)` on one of the threads and waits for it. One at a time: the
    // instance's lock is held.
    using Job = void (*)(HandlerThread& thread, void* argument);
    void run_job(Job function, void* argument);

    void for_each_thread(void (HandlerThread::*function)()) {
        for (u32 i = 0; i < thread_count_; ++i)
            (threads_[i]->*function)();
    }

    // What each thread runs.
    static void thread_main(void* thread);

    Instance& instance() const { return *instance_; }
    ServerMemory& memory() { return memory_; }
    u64 program_entry() const { return program_entry_; }
    u64 arena_size() const { return instance_->arena().size().value; }
    u64 code_size() const { return code_.size().value; }

    u8* thread_memory(u32 index) const {
        return threads_memory_.as<u8>() + index * thread_memory_size_;
    }

    // --- calls of the host

    Result<> make_room(u64 bytes); // errors: nomem, inval (once, and not too much)
    Result<> seal(u64 text_bytes); // errors: inval
    // Shows a block of the instance's DMA memory; answers where. Errors: nomem.
    Result<u64> show_dma(u32 block, std::span<u8> memory);
    void hide_dma(u32 block);
    // Another version's arena, to be read by the handler of that thread. Errors: nomem.
    Result<> show_old_arena(HandlerThread& thread, const KernelMapping& old);
    void hide_old_arena(const KernelMapping& old);
    // Shows storage of the device's; what is contiguous from `offset` on, at its place in the
    // process. Errors: inval, nomem.
    Result<std::span<u8>> show_window(u32 window, u64 offset);
    // True if another thread's handler, which waits, uses what the request's client lent: nobody
    // else may answer it. Owner of the strand.
    bool is_served_elsewhere(u64 request, const HandlerThread& here) const;
    // A handler runs: has it looked after. Any context.
    void begin_watch();
    // What a trap says about a failed check, as far as it lies in the component's constants.
    const char* text_at(u64 address) const;
    std::span<const u8> text() const {
        return {code_.as<u8>(), static_cast<usize>(text_size_)};
    }
    void overwrite(u64 offset, std::span<const u8> bytes);
    u64 text_offset(u64 address) const; // ~0 outside the component's text

private:
    friend class Ref<ServerProcess>;
    friend class HandlerThread;
    static constexpr u32 maximum_threads = 10;
    static constexpr u64 window_chunk = 0x20'0000; // of storage, shown at once
    static constexpr u64 counted_chunks = 4096;    // of window 0: others are looked up each time
    struct Order {
        Job function;
        void* argument;
        std::atomic<u32> waiting{1};
    };

    ServerProcess(Ref<Instance> instance, ServerMemory memory)
        : instance_(std::move(instance)), memory_(std::move(memory)) {}
    Result<> prepare();
    Result<> start_threads();
    static void run_thread(void* thread);
    void serve(HandlerThread& thread);
    void arm_watch();
    void watch();
    static void watch_is_due(Timer& timer);

    const Ref<Instance> instance_;
    ServerMemory memory_;
    KernelMapping program_data_;
    KernelMapping code_;
    KernelMapping object_copy_; // of bytes that do not begin at a page
    u64 program_entry_ = 0;
    u64 text_size_ = 0; // 0: not sealed
    u64 shown_dma_ = 0; // owner of the strand, like the next
    u64 shown_chunks_[counted_chunks / 64] = {};
    KernelMapping threads_memory_;
    u64 thread_memory_size_ = 0;
    HandlerThread* threads_[maximum_threads] = {};
    u32 thread_count_ = 0;
    std::atomic<bool> stopping_{false};
    std::atomic<Order*> order_{nullptr};

    // Ends handlers that never return: looks again and again while one runs.
    struct WatchTimer : Timer {
        WatchTimer() : Timer(&ServerProcess::watch_is_due) {}
        ServerProcess* owner = nullptr;
    };
    WatchTimer watch_timer_;
    std::atomic<bool> watching_{false};
    Nanos watch_due_{}; // of whoever set watching_
};

} // namespace core::server
