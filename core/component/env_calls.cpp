// SPDX-License-Identifier: BSD-2-Clause
// Env in the kernel: time, diagnosis, device, services. Buffers and children are in
// env_buffers.cpp. Every argument is checked; a wrong one condemns the instance.
#include "core/component/env_calls.h"

#include "core/component/entropy.h"
#include "core/component/manager.h"
#include "core/gate/waiting.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "core/observe/trace.h"
#include "core/time/clock.h"

namespace core {

using namespace component;

i64 EnvCalls::reject(Instance& instance, const char* what) {
    LOG_ERROR("{}: broke the contract: {}", instance.name(), what);
    instance.strand_.condemn(Errno::proto);
    return error(Errno::inval);
}

// --- time and diagnosis

i64 EnvCalls::log(Env* env, component::LogLevel level, const char* text, u64 length) {
    const auto known = static_cast<core::LogLevel>(static_cast<u32>(level) & 7);
    Instance& self = of(env);
    const LogLimit::Answer limit = self.log_limit_.ask(core::now());
    if (limit.left_out != 0)
        LOG_WARNING("{}: {} lines were left out", self.name(), limit.left_out);
    if (limit.may_write)
        core::log(known, "{}: {}", self.name(), std::string_view(text, length));
    return 0;
}
i64 EnvCalls::now(Env*) { return static_cast<i64>(core::now().value); }
i64 EnvCalls::wall_clock(Env*) { return static_cast<i64>(wall_now().value); }

i64 EnvCalls::sleep_until(Env* env, u64 moment) {
    Instance& self = of(env);
    if (self.state() != InstanceState::starting && self.strand_.never_waits())
        return reject(self, "a wait in a strand that never waits");
    Strand::Activation* parked = self.strand_.park();
    wait_until(Nanos(moment));
    self.strand_.unpark(parked);
    return 0;
}

i64 EnvCalls::set_timer(Env* env, u32 timer, u64 moment) {
    if (timer >= Instance::timer_count)
        return reject(of(env), "a timer that does not exist");
    of(env).timers_[timer].arm(Nanos(moment));
    return 0;
}
i64 EnvCalls::cancel_timer(Env* env, u32 timer) {
    if (timer >= Instance::timer_count)
        return reject(of(env), "a timer that does not exist");
    of(env).timers_[timer].cancel();
    return 0;
}
i64 EnvCalls::random(Env*, void* to, u64 length) {
    u8* bytes = static_cast<u8*>(to);
    for (u64 i = 0; i < length; ++i)
        bytes[i] = static_cast<u8>(random_word() >> 24);
    return 0;
}
i64 EnvCalls::configuration(Env* env, const char* key, u64 key_length, char* value, u64 capacity) {
    const base::Text<96> option("pith.{}.{}", of(env).object().name(),
                                std::string_view(key, key_length));
    const auto found = boot_option(option.view());
    if (!found)
        return error(Errno::noent);
    return static_cast<i64>(found->copy(value, capacity));
}
i64 EnvCalls::count(Env* env, u32 counter, u64 amount) {
    if (counter >= Instance::counter_count)
        return reject(of(env), "a counter that does not exist");
    of(env).counters_[counter] += amount;
    return 0;
}
i64 EnvCalls::trace(Env* env, u32 event, u64 a, u64 b) {
    core::trace(TraceEvent::component, event << 16 | (of(env).number() & 0xffff), a, b);
    return 0;
}
i64 EnvCalls::fail(Env* env, u32 why, const char* text, u64 length) {
    LOG_ERROR("{}: {}", of(env).name(), std::string_view(text, length));
    of(env).strand_.condemn(static_cast<Errno>(why));
    return 0;
}

// --- the device

i64 EnvCalls::device_fact(Env* env, DeviceFact fact) {
    const Device* device = of(env).device();
    if (!device)
        return error(Errno::nodev);
    const DeviceIdentity& identity = device->identity();
    switch (fact) {
    case DeviceFact::bus: return static_cast<i64>(identity.bus);
    case DeviceFact::vendor: return identity.vendor;
    case DeviceFact::device: return identity.device;
    case DeviceFact::subsystem: return identity.subsystem;
    case DeviceFact::class_code: return identity.class_code;
    case DeviceFact::revision: return identity.revision;
    case DeviceFact::window_count: return static_cast<i64>(device->windows().size());
    case DeviceFact::interrupt_count: return device->interrupt_count();
    case DeviceFact::dma_bits: return 64;
    }
    return error(Errno::inval);
}

i64 EnvCalls::window_info(Env* env, u32 window, WindowInfo* info) {
    const Device* device = of(env).device();
    if (!device || window >= device->windows().size())
        return error(Errno::noent);
    const DeviceWindow& found = device->windows()[window];
    *info = {found.length, static_cast<u32>(found.kind), found.index};
    return 0;
}

bool EnvCalls::is_access(const Instance& self, u32 window, u64 offset, u32 width) {
    const Device* device = self.device();
    if (!device || window >= device->windows().size())
        return false;
    const DeviceWindow& found = device->windows()[window];
    const bool registers = found.kind == DeviceWindow::Kind::memory_mapped ||
                           (found.kind == DeviceWindow::Kind::ports && width <= 4);
    return registers && (width == 1 || width == 2 || width == 4 || width == 8) &&
           offset % width == 0 && offset < found.length && width <= found.length - offset;
}

i64 EnvCalls::read_register(Env* env, u32 window, u64 offset, u32 width, u64* value) {
    Instance& self = of(env);
    *value = ~u64{0};
    if (!is_access(self, window, offset, width)) [[unlikely]]
        return reject(self, "a register outside its windows");
    *value = self.device()->read_register(window, offset, width);
    return 0;
}

i64 EnvCalls::write_register(Env* env, u32 window, u64 offset, u32 width, u64 value) {
    Instance& self = of(env);
    if (!is_access(self, window, offset, width)) [[unlikely]]
        return reject(self, "a register outside its windows");
    self.device()->write_register(window, offset, width, value);
    return 0;
}

i64 EnvCalls::window_memory(Env* env, u32 window, u64 offset, u8** view) {
    Device* device = of(env).device();
    if (!device || window >= device->windows().size())
        return error(Errno::inval);
    const auto storage = device->storage(window, offset);
    if (!storage)
        return error(storage.error());
    *view = storage->data();
    return static_cast<i64>(storage->size());
}

i64 EnvCalls::read_configuration_space(Env* env, u32 offset, u32 width) {
    Device* device = of(env).device();
    return device ? device->read_configuration(offset, width) : ~u32{0};
}

i64 EnvCalls::control(Env* env, ControlKind kind, u64 value) {
    Device* device = of(env).device();
    if (!device)
        return error(Errno::nodev);
    switch (kind) {
    case ControlKind::bus_master: device->set_bus_master(value != 0); return 0;
    case ControlKind::message_interrupts: {
        const auto count = device->prepare_messages(static_cast<u32>(value));
        return count ? static_cast<i64>(*count) : error(count.error());
    }
    case ControlKind::release_early_console: return 0; // the terminal layer decides when
    }
    return error(Errno::inval);
}

i64 EnvCalls::enable_interrupt(Env* env, u32 line) {
    Instance& self = of(env);
    Device* device = self.device();
    if (!device || line >= 32 || line >= device->interrupt_count())
        return error(Errno::nodev);
    if (self.connected_interrupts_ & (u32{1} << line))
        return 0;
    const auto connected = device->connect_interrupt(line, &Instance::interrupt_arrived, &self);
    if (!connected)
        return error(connected.error());
    self.connected_interrupts_ |= u32{1} << line;
    return 0;
}

i64 EnvCalls::disable_interrupt(Env* env, u32 line) {
    Instance& self = of(env);
    if (line < 32 && (self.connected_interrupts_ & (u32{1} << line))) {
        self.device()->disconnect_interrupt(line);
        self.connected_interrupts_ &= ~(u32{1} << line);
    }
    return 0;
}

i64 EnvCalls::acknowledge_interrupt(Env* env, u32 line) {
    if (Device* device = of(env).device())
        device->acknowledge_interrupt(line);
    return 0;
}

// --- services

// A life after a crash offers again what the former one did: the same interface and name is the
// same service, so its clients notice nothing.
i64 EnvCalls::offer(Env* env, const ServiceOffer* offer) {
    Instance& self = of(env);
    if (self.injection().takes_allocation()) [[unlikely]]
        return error(Errno::nomem);
    const InterfaceBinding* binding = find_interface(offer->interface);
    if (!binding || binding->fingerprint != offer->fingerprint ||
        binding->property_bytes != offer->property_bytes ||
        offer->property_bytes > sizeof(Instance::Service::properties))
        return error(Errno::proto);
    u32 chosen = Instance::maximum_services;
    for (u32 i = 0; i < Instance::maximum_services; ++i) {
        const Instance::Service& service = self.services_[i];
        const bool same = service.binding == binding &&
                          std::string_view(service.name) == std::string_view(offer->name);
        if (same || (!service.binding && chosen == Instance::maximum_services))
            chosen = i;
        if (same)
            break;
    }
    if (chosen == Instance::maximum_services)
        return error(Errno::nospc);
    Instance::Service& service = self.services_[chosen];
    const auto state = service.state.load();
    if (state == Instance::Service::State::withdrawing)
        return error(Errno::again); // its former self goes first
    service.binding = binding;
    memcpy(service.name, offer->name, sizeof service.name);
    service.name[sizeof service.name - 1] = 0;
    memcpy(service.properties, offer->properties, offer->property_bytes);
    if (state == Instance::Service::State::bound) {
        if (ServiceSink* sink = service.sink.load(std::memory_order_acquire))
            sink->updated({service.properties, offer->property_bytes});
        return chosen;
    }
    service.state = Instance::Service::State::offered;
    if (self.state() == InstanceState::running)
        self.ask_for_attention();
    return chosen;
}

Instance::Service* EnvCalls::service_of(Instance& self, u32 index) {
    if (index >= Instance::maximum_services || !self.services_[index].binding)
        return nullptr;
    return &self.services_[index];
}

i64 EnvCalls::update_offer(Env* env, u32 index, const void* properties, u64 length) {
    Instance::Service* service = service_of(of(env), index);
    if (!service || length != service->binding->property_bytes)
        return reject(of(env), "an update of what it does not offer");
    memcpy(service->properties, properties, length);
    if (ServiceSink* sink = service->sink.load(std::memory_order_acquire))
        sink->updated({service->properties, length});
    return 0;
}

i64 EnvCalls::withdraw(Env* env, u32 index) {
    Instance::Service* service = service_of(of(env), index);
    if (!service)
        return reject(of(env), "a withdrawal of what it does not offer");
    service->state = Instance::Service::State::withdrawing;
    of(env).ask_for_attention();
    return 0;
}

i64 EnvCalls::complete(Env* env, u64 request, u32 status, u64 value) {
    Instance& self = of(env);
    const auto ended = self.strand_.complete(request, {static_cast<i32>(status), 0, value});
    return ended ? 0 : reject(self, "completed a request that is not pending");
}

i64 EnvCalls::deliver(Env* env, u32 index, u32 event, const void* bytes, u64 length) {
    Instance::Service* service = service_of(of(env), index);
    if (!service)
        return reject(of(env), "a delivery for what it does not offer");
    ServiceSink* sink = service->sink.load(std::memory_order_acquire);
    if (!sink)
        return 0; // not bound yet: the core asks again
    return static_cast<i64>(sink->delivered(event, {static_cast<const u8*>(bytes), length}));
}

} // namespace core
