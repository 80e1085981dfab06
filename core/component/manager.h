// SPDX-License-Identifier: BSD-2-Clause
// The component manager: which objects there are, which instances run, and who drives which device.
// Process context.
#pragma once

#include "core/component/instance.h"

namespace core {

// Loads the embedded objects and starts the worker that settles and recovers instances. Errors:
// nomem.
Result<> start_component_manager();
// Adds an object: an embedded one, or one that comes at run time, which is then offered the devices
// nobody drives. Errors: noexec, exist, nomem, fbig.
Result<> add_component(Ref<ComponentObject> object);
Result<> load_component(std::span<const u8> bytes);
// Has an instance go on with another version of its component. Errors: noent, nomem, and those of
// Instance::swap.
Result<> swap_component(std::string_view instance, std::span<const u8> bytes);
// Forgets an object that came at run time: its instances end in order, and their devices are free
// for other drivers. Errors: noent, busy (it lies in the kernel image, or users_of() it; nothing
// changed).
Result<> unload_component(std::string_view name);
// Starts instances for devices already in the tree and for those that come.
void start_device_matching();

// An instance made by the core, not for a device ("ext4" for a mount). It is called after its
// component, with `number` or the lowest one that is free. Errors: noent, nomem, exist (there is
// one of that number), inval (it needs other children), its own.
inline constexpr u32 lowest_free = ~u32{0};
Result<Ref<Instance>> create_instance(std::string_view component,
                                      std::span<const Instance::Child> children,
                                      u32 number = lowest_free);
// Ends such an instance.
void end_instance(Instance& instance);

Result<Ref<ComponentObject>> find_component(std::string_view name); // errors: noent
Result<Ref<Instance>> find_instance(std::string_view name);         // errors: noent
Result<Ref<Instance>> find_instance(u32 number);                    // errors: noent
// The instance with the lowest number >= `from`. Errors: noent.
Result<Ref<Instance>> next_instance(u32 from);
// The object at place `index` of the list. Errors: noent past the end.
Result<Ref<ComponentObject>> component_at(u32 index);

// How many of its instances are used: made by the core, for a mount or a loop device, or offering
// what is open, mounted or somebody's terminal.
u32 users_of(const ComponentObject& object);

// Has the worker look after instances that asked for it. Any context.
void wake_component_manager();

} // namespace core
