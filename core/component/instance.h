// SPDX-License-Identifier: BSD-2-Clause
// An instance of a component: the lasting record (name, device, strand, gates, arena, DMA memory)
// behind which lives come and go. Handlers run in its strand; everything else here is process
// context under the manager's lock unless it says otherwise.
#pragma once

#include "core/component/component_image.h"
#include "core/component/dma_memory.h"
#include "core/component/service_sink.h"
#include "core/device/device.h"
#include "core/gate/gate.h"
#include "core/gate/worker.h"
#include "core/time/timer.h"

namespace core {

enum class InstanceState : u8 { starting, running, crashed, failed, stopped };

class Instance;

// What the component's handlers are given.
class KernelEnv final : public component::Env {
public:
    KernelEnv(Instance& owner, const component::EnvTable& table, KernelMapping& arena)
        : instance(owner) {
        table_ = &table;
        arena_ = arena.as<u8>();
        arena_size_ = arena.size().value;
    }
    Instance& instance;
};

class Instance final : public GateOwner, private Strand::Observer {
public:
    static constexpr u32 maximum_services = 40;
    static constexpr u32 maximum_children = 4;
    static constexpr u32 timer_count = 8;
    static constexpr u32 counter_count = 16;
    static constexpr u32 restart_limit = 3; // without an answered request in between

    // A gate the instance may call, with its interface's properties.
    struct Child {
        Gate* gate = nullptr;
        u64 fingerprint = 0;
        const void* properties = nullptr;
        u32 property_bytes = 0;
    };
    struct Service {
        enum class State : u8 { absent, offered, bound, withdrawing };
        std::atomic<State> state{State::absent};
        const InterfaceBinding* binding = nullptr;
        char name[32] = {};
        alignas(8) u8 properties[192] = {};
        Gate* gate = nullptr;                    // owned; lasts as long as the instance
        std::atomic<ServiceSink*> sink{nullptr}; // owns a reference
    };

    // Not started yet. Errors: nomem.
    static Result<Ref<Instance>> create(Ref<ComponentImage> image, RefOrNull<Device> device,
                                        std::string_view name, std::span<const Child> children);
    ~Instance() override;

    // Runs the component's start, opens its gates and binds what it offered. Errors: the
    // component's.
    Result<> start();
    // The orderly end: the component's stop has its say.
    void stop();
    // Ends it: requests are answered with io, services withdrawn.
    void give_up();
    // After a crash: a fresh life; unanswered requests are issued again. Gives up past the limit.
    void recover();
    // Binds new offers, withdraws others, as handlers asked for. Called by the manager's worker.
    void settle();

    std::string_view name() const { return {name_, name_length_}; }
    ComponentImage& image() const { return *image_; }
    Device* device() const { return device_.get(); }
    Strand& strand() { return strand_; }
    InstanceState state() const { return state_.load(std::memory_order_acquire); }
    bool needs_attention() const { return attention_.load(std::memory_order_acquire); }
    u64 counter(u32 index) const { return counters_[index]; }
    u32 restarts() const { return restarts_; }
    Gate* gate(u32 service) {
        return service < maximum_services ? services_[service].gate : nullptr;
    }

    ListLink link; // the manager's

private:
    friend class Ref<Instance>;
    friend struct EnvCalls;
    struct InstanceTimer : Timer {
        InstanceTimer();
        Instance* owner = nullptr;
        u32 index = 0;
        static void fired(Timer& timer);
    };

    Instance(Ref<ComponentImage> image, RefOrNull<Device> device, std::string_view name,
             KernelMapping arena);

    Result<> begin_life(bool again);
    void quiet_device();
    StrandTarget target();
    void ask_for_attention();
    Result<> bind_service(u32 index);
    void withdraw_service(u32 index);
    static void interrupt_arrived(void* instance, u32 line);
    static void run_strand(void* instance);

    char name_[32] = {};
    usize name_length_;
    Ref<ComponentImage> image_;
    RefOrNull<Device> device_;
    KernelMapping arena_;
    KernelEnv env_;
    Strand strand_;
    Worker* worker_ = nullptr; // strands whose handlers may wait
    DmaBlocks dma_;
    DmaBlocks former_dma_; // of the life that crashed, until the device was reset
    Child children_[maximum_children];
    u32 child_count_ = 0;
    Service services_[maximum_services];
    InstanceTimer timers_[timer_count];
    u64 counters_[counter_count] = {}; // owner of the strand
    u32 connected_interrupts_ = 0;     // bits
    std::atomic<InstanceState> state_{InstanceState::starting};
    std::atomic<bool> attention_{false};
    bool device_is_quiet_ = false; // reset by stop: its memory may be used again
    std::atomic<Errno> crash_reason_{Errno::io};
    u32 restarts_ = 0;
    u32 restarts_in_a_row_ = 0;
    u64 answered_at_restart_ = 0; // tells whether a life was of use
};

// The Env of every instance in the kernel.
extern const component::EnvTable kernel_env_table;

} // namespace core
