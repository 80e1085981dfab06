// SPDX-License-Identifier: BSD-2-Clause
// The component manager: which objects there are, which instances run, and who drives which device.
// Process context.
#pragma once

#include "core/component/instance.h"

namespace core {

// Loads the embedded objects and starts the worker that settles and recovers instances. Errors:
// nomem.
Result<> start_component_manager();
// Adds a component from an object (an embedded one, a module). Errors: noexec, exist, nomem.
Result<> add_component(std::string_view name, std::span<const u8> bytes);
// Starts instances for devices already in the tree and for those that come.
void start_device_matching();

// An instance made by the core, not for a device ("ext4" for a mount). Errors: noent, nomem, its
// own.
Result<Ref<Instance>> create_instance(std::string_view component,
                                      std::span<const Instance::Child> children);
// Ends such an instance.
void end_instance(Instance& instance);

Result<Ref<ComponentImage>> find_component(std::string_view name); // errors: noent
Result<Ref<Instance>> find_instance(std::string_view name);        // errors: noent
void for_each_instance(bool (*visit)(Instance& instance, void* argument), void* argument);

// Has the worker look after instances that asked for it. Any context.
void wake_component_manager();

} // namespace core
