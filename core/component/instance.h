// SPDX-License-Identifier: BSD-2-Clause
// An instance of a component: the lasting record (name, device, strand, gates, arena, DMA memory)
// behind which homes and lives come and go. Handlers run in its strand. Starts, moves, recoveries
// and ends exclude each other by the instance's own lock; they are process context.
#pragma once

#include "core/component/child_service.h"
#include "core/component/dma_memory.h"
#include "core/component/home.h"
#include "core/component/injection.h"
#include "core/component/service_sink.h"
#include "core/device/device.h"
#include "core/gate/crew.h"
#include "core/gate/gate.h"
#include "core/gate/worker.h"
#include "core/observe/log_limit.h"
#include "core/time/timer.h"

namespace arch {
enum class TextFault : u8;
}

namespace core {

enum class InstanceState : u8 { starting, running, crashed, failed, stopped };

class Instance;

// What the component's handlers are given.
class KernelEnv final : public component::Env {
public:
    KernelEnv(Instance& owner, const component::EnvTable& table, KernelMapping& arena)
        : instance(owner) {
        table_ = &table;
        set_arena(arena);
    }
    void set_arena(KernelMapping& arena) {
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
    static constexpr u32 restart_limit = 6; // without an answered request in between

    // What it may call, in the order of the descriptor's needs.
    using Child = Ref<ChildService>;
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
    static Result<Ref<Instance>> create(Ref<ComponentObject> object, RefOrNull<Device> device,
                                        std::string_view name, std::span<const Child> children);
    ~Instance() override;

    // Runs the component's start, opens its gates and binds what it offered. Errors: the
    // component's; those of the home.
    Result<> start(Placement placement);
    // The orderly end: the component's stop has its say.
    void stop();
    // Ends it: requests are answered with io, services withdrawn.
    void give_up();
    // Somebody would miss it: the core made it, or what it offers is used.
    bool is_used();
    // If it is unused, nobody is to begin to use it, and it offers nothing new. False: somebody
    // does, and nothing has changed.
    bool retire();
    // Takes back what retire() did, if it did.
    void stay();
    // Binds new offers, withdraws others, starts a fresh life after a crash, as handlers and
    // crashes asked for. Called by the manager's worker.
    void settle();

    // Goes on elsewhere, with its arena and its requests: clients see a pause. If the new home does
    // not take over, the old one goes on and the error says why. Errors: those of the home and of
    // the component's resume, busy (it is starting or ending).
    Result<> move(Placement placement);
    // An operator's end of this life; a fresh one follows, in whatever state it was. Errors: those
    // of the start, nodev (its device is gone, or it came to its end in order).
    Result<> restart();
    // The same without asking: as a crash, but held against nobody. Errors: busy (it does not run).
    Result<> kill();

    // Goes on with another version of its component, as after a move. If that does not take over,
    // the present version goes on, and if it ends soon a fresh life of that. Errors: inval (another
    // component), protonosupport (it waits or calls others differently), opnotsupp (no way from
    // this layout of the state), busy (it does not run), io (it ended on the way), nomem, noexec;
    // those of migrate and resume.
    Result<> swap(std::span<const u8> bytes);
    // Makes a fault in the life that runs now; the same seed makes the same one. Errors: opnotsupp
    // (this kernel takes none), busy (it does not run), nodev (it has no interrupts), noent (its
    // text has no such instruction), nomem.
    Result<> inject(FaultKind kind, u64 seed);
    Injection& injection() { return injection_; }

    std::string_view name() const { return {name_, name_length_}; }
    // Its place in the order of creation; never given again.
    u32 number() const { return number_; }
    ComponentObject& object() const { return *object_.load(std::memory_order_acquire); }
    Placement placement() const { return placement_.load(std::memory_order_relaxed); }
    Device* device() const { return device_.get(); }
    Strand& strand() { return strand_; }
    // For homes.
    KernelEnv& env() { return env_; }
    const KernelMapping& arena() const { return arena_; }
    Crew& crew() { return crew_; }
    InstanceState state() const { return state_.load(std::memory_order_acquire); }
    bool needs_attention() const { return attention_.load(std::memory_order_acquire); }
    u64 strays() const { return strays_.load(std::memory_order_relaxed); }
    u64 counter(u32 index) const { return counters_[index]; }
    // For people: racy, but each figure whole.
    struct Figures {
        u32 restarts = 0; // fresh lives after the first
        u32 kills = 0;    // of them an operator's
        u32 moves = 0;
        u32 swaps = 0;
        u32 roll_backs = 0; // to the version before
        Nanos last_pause{}; // of a move or a swap: from the hold to the release
        Nanos longest_pause{};
        Nanos last_pause_busy{}; // of it, what CPUs executed: without waiting for devices
        Nanos last_recovery{};   // from the crash to the release
        void note_pause(Nanos pause, Nanos busy) {
            last_pause = pause;
            last_pause_busy = busy;
            longest_pause = pause > longest_pause ? pause : longest_pause;
        }
    };
    const Figures& figures() const { return figures_; }
    u32 restarts() const { return figures_.restarts; }
    // Of the home it lives in now. Errors: nodev (in none), io.
    Result<Home::Facts> home_facts();
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

    using OperationsGuard = LockGuard<lock_class::instance>;

    Instance(Ref<ComponentObject> object, RefOrNull<Device> device, std::string_view name,
             KernelMapping arena);

    // instance.cpp, instance_moves.cpp, instance_recovery.cpp: with operations_ held.
    Result<Ref<Home>> make_home(Placement placement);
    void enter_home(Ref<Home> home);
    Result<> begin_life(bool again);
    void settle_services();
    template <typename Visit>
    bool for_each_sink(Visit visit);
    void end_retirement();
    void end_all(InstanceState state);
    void quiet_device();
    Result<> open_domain();
    void close_domain();
    bool take_stray();
    Result<> change_home(Ref<Home> next);
    struct Version; // object, arena and placement
    ComponentObject* find_version(std::span<const u8> bytes) const;
    Result<> check_version(const ComponentObject& next) const;
    Result<> replace_by(Version& next);
    Result<> take_over_as(Version& next);
    Result<> take_over_state(const Version& former);
    void exchange_version(Version& other);
    bool is_new_version_on_probation() const;
    void go_back_to_former_version();
    Result<> damage_text(arch::TextFault fault, u64 random);
    Result<> take_over(Ref<Home> next);
    void recover();
    void log_end() const;
    bool is_worth_another_try();
    void go_back_if_on_probation();
    void demote_if_in_vain();
    Result<> prepare_home();
    Result<> begin_again();
    Result<> try_to_begin_again();

    void ask_for_attention();
    static void recovery_is_due(Timer& timer);
    Result<> bind_service(u32 index);
    void withdraw_service(u32 index);
    static void interrupt_arrived(void* instance, u32 line);
    static void device_strayed(void* instance, const DmaFault& fault);
    static void run_strand(void* instance);

    static std::atomic<u32> next_number_;
    const u32 number_ = next_number_.fetch_add(1, std::memory_order_relaxed);
    char name_[32] = {};
    usize name_length_;
    Ref<ComponentObject> versions_; // the newest of those it ran; they hold the others
    std::atomic<ComponentObject*> object_; // of the one that runs
    RefOrNull<Device> device_;
    Lock<lock_class::instance> operations_;
    RefOrNull<Home> home_; // guarded by operations_
    std::atomic<Placement> placement_{Placement::builtin};
    KernelMapping arena_;
    KernelEnv env_;
    Strand strand_;
    Worker* worker_ = nullptr; // strands whose handlers may wait
    Crew crew_;                // of homes that have threads of their own
    DmaDomain* domain_ = nullptr; // what stands before its device, from start() on
    bool is_domain_open_ = false; // guarded by operations_
    std::atomic<u64> strays_{0};  // accesses of the device that were kept from memory
    std::atomic<bool> has_strayed_{false};
    bool is_retired_ = false; // guarded by operations_
    DmaBlocks dma_;
    DmaBlocks former_dma_; // of the life that crashed, until the device was reset
    RefOrNull<ChildService> children_[maximum_children];
    u32 child_count_ = 0;
    Service services_[maximum_services];
    InstanceTimer timers_[timer_count];
    u64 counters_[counter_count] = {}; // owner of the strand
    u32 connected_interrupts_ = 0;     // bits
    std::atomic<InstanceState> state_{InstanceState::starting};
    std::atomic<bool> attention_{false};
    bool device_is_quiet_ = false; // reset by stop: its memory may be used again
    std::atomic<Errno> crash_reason_{Errno::io};
    std::atomic<u64> crash_time_{0};

    // How often it was started in vain. Guarded by operations_.
    struct Patience {
        u32 restarts = 0;            // without progress in between
        u64 progress = 0;            // requests the strand answered or convicted, at the last end
        bool operator_asked = false; // this end is an operator's: it counts for nothing
        Nanos next_try{};            // when the next life begins; 0: the end was not looked at yet
    };
    Patience patience_;
    // A home that was just moved into is left again if the instance ends there.
    struct Probation {
        Nanos until{};
        Placement former = Placement::builtin;
    };
    Probation probation_; // guarded by operations_
    // A version that was just swapped in is left again if it ends before this.
    struct VersionProbation {
        ComponentObject* former = nullptr;
        Placement placement = Placement::builtin;
        Nanos until{};
        u64 answered = 0;
    };
    VersionProbation version_probation_; // guarded by operations_
    struct RecoveryTimer : Timer {
        RecoveryTimer() : Timer(&Instance::recovery_is_due) {}
        Instance* owner = nullptr;
    };
    RecoveryTimer recovery_timer_;
    Injection injection_;
    LogLimit log_limit_; // of the component's own lines
    Figures figures_; // guarded by operations_, read racily
};

// The Env of every instance in the kernel.
extern const component::EnvTable kernel_env_table;

} // namespace core
