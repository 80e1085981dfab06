// SPDX-License-Identifier: BSD-2-Clause
// The descriptor of a component: what it is, drives, needs and offers, and its handlers. Each
// object exports exactly one, with PITH_COMPONENT; the loaders find it by that symbol.
#pragma once

#include <span>

#include "abi/component/env.h"
#include "abi/component/request.h"

namespace component {

// Which devices an instance is made for. Zero fields with `any` match everything of that bus.
struct DeviceMatch {
    static constexpr u32 any = ~u32{0};
    DeviceBus bus = DeviceBus::none;
    u32 vendor = any;
    u32 device = any;
    u32 class_code = any; // PCI: compared under class_mask
    u32 class_mask = 0;
    const char* name = nullptr; // platform devices: "serial_16550", "ram_disk"
};

enum class Traits : u32 {
    none = 0,
    // No handler but start and stop waits: they may run where sleeping is not allowed.
    never_waits = 1 << 0,
    // Made on demand by the core (a mount, a policy), not by a device.
    on_demand = 1 << 1,
};
constexpr Traits operator|(Traits a, Traits b) {
    return static_cast<Traits>(static_cast<u32>(a) | static_cast<u32>(b));
}
constexpr bool has_trait(Traits set, Traits trait) {
    return (static_cast<u32>(set) & static_cast<u32>(trait)) != 0;
}

struct Version {
    u16 major;
    u16 minor;
    u16 patch;
};

// The operations of a component. A handler that does not apply is nullptr. All run in a strand.
struct Handlers {
    // First call of a fresh instance, arena zeroed; offers its services. May wait.
    Result<> (*start)(Env&) = nullptr;
    // After a move: the arena holds what the former home left; nothing was lost.
    Result<> (*resume)(Env&) = nullptr;
    // Before a move: bring the arena to a state from which `resume` goes on. May not wait.
    Result<> (*quiesce)(Env&) = nullptr;
    // Orderly end: no request is pending any more. May wait.
    void (*stop)(Env&) = nullptr;
    Answer (*submit)(Env&, const Request&) = nullptr;
    void (*interrupt)(Env&, u32 line) = nullptr;
    void (*timer)(Env&, u32 timer) = nullptr;
    // At a swap of versions whose layouts differ: fills the zeroed arena from one of `layout`, for
    // `resume` to go on with. May not wait. Errors: any refuses the swap.
    Result<> (*migrate)(Env&, std::span<const u8> old, u32 layout) = nullptr;
};

inline constexpr u64 descriptor_magic = 0x31'70'6d'6f'63'74'69'70; // "pitcomp1"

struct Descriptor {
    u64 magic = descriptor_magic;
    u32 size = sizeof(Descriptor);
    u32 env_abi = component::env_abi;
    const char* name = nullptr;
    Version version{};
    u16 strands = 1;
    u32 state_layout = 1; // another number wherever the arena means something else
    Traits traits = Traits::none;
    u64 arena_bytes = 0;
    u64 arena_alignment = 0;
    const DeviceMatch* matches = nullptr;
    u32 match_count = 0;
    u32 child_count = 0; // child sessions needed
    const InterfaceId* children = nullptr;
    const InterfaceId* offers = nullptr;
    u32 offer_count = 0;
    u32 counter_count = 0;
    const char* const* counters = nullptr; // their names, at most 16
    Handlers handlers;

    // The same with these lists, which have static storage.
    template <usize Count>
    consteval Descriptor matching(const DeviceMatch (&list)[Count]) const {
        Descriptor with = *this;
        with.matches = list;
        with.match_count = Count;
        return with;
    }
    template <usize Count>
    consteval Descriptor offering(const InterfaceId (&list)[Count]) const {
        Descriptor with = *this;
        with.offers = list;
        with.offer_count = Count;
        return with;
    }
    template <usize Count>
    consteval Descriptor counting(const char* const (&names)[Count]) const {
        Descriptor with = *this;
        with.counters = names;
        with.counter_count = Count;
        return with;
    }
};

template <ArenaData State>
consteval Descriptor describe(const char* name, Version version, Traits traits,
                              const Handlers& handlers) {
    Descriptor descriptor;
    descriptor.name = name;
    descriptor.version = version;
    descriptor.traits = traits;
    descriptor.arena_bytes = sizeof(State);
    descriptor.arena_alignment = alignof(State);
    descriptor.handlers = handlers;
    return descriptor;
}

} // namespace component

// Defines the object's descriptor, and what the base library asks of its home: a failed check ends
// the instance by a trap in its text, file, line and message in the first three argument registers.
// In a test program several components live side by side, so the symbol carries the name there.
#ifdef PITH_HOST_TEST
#define COMPONENT_DESCRIPTOR(identifier)                                                           \
    extern "C" const ::component::Descriptor pith_component_##identifier;                          \
    constexpr ::component::Descriptor pith_component_##identifier
#else
#define COMPONENT_DESCRIPTOR(identifier)                                                           \
    namespace base {                                                                               \
    [[noreturn, gnu::noinline]] void panic_at(const char* file, int line, const char* message) {   \
        asm volatile("" ::"r"(file), "r"(line), "r"(message));                                     \
        __builtin_trap();                                                                          \
    }                                                                                              \
    }                                                                                              \
    extern "C" const ::component::Descriptor pith_component;                                       \
    [[gnu::used]] constexpr ::component::Descriptor pith_component
#endif
