// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/instance.h"

#include "base/memory_functions.h"
#include "core/component/manager.h"
#include "core/observe/log.h"

namespace core {

Instance::InstanceTimer::InstanceTimer() : Timer(&InstanceTimer::fired) {}

void Instance::InstanceTimer::fired(Timer& timer) {
    auto& self = static_cast<InstanceTimer&>(timer);
    self.owner->strand_.post_timer(self.index);
}

Result<Ref<Instance>> Instance::create(Ref<ComponentImage> image, RefOrNull<Device> device,
                                       std::string_view name, std::span<const Child> children) {
    if (children.size() > maximum_children)
        return Failure(Errno::inval);
    const Bytes size = base::bytes_of(base::pages_covering(Bytes(image->descriptor().arena_bytes)));
    KernelMapping arena = TRY(KernelMapping::allocate(size, KernelProtection::read_write));
    Ref<Instance> instance =
        TRY(Ref<Instance>::create(std::move(image), std::move(device), name, std::move(arena)));
    for (const Child& child : children)
        instance->children_[instance->child_count_++] = child;
    if (!instance->strand_.never_waits())
        instance->worker_ =
            TRY(Worker::create(instance->name(), &Instance::run_strand, instance.get())).release();
    return instance;
}

Instance::Instance(Ref<ComponentImage> image, RefOrNull<Device> device, std::string_view name,
                   KernelMapping arena)
    : image_(std::move(image)), device_(std::move(device)), arena_(std::move(arena)),
      env_(*this, kernel_env_table, arena_),
      strand_(*this, has_trait(image_->descriptor().traits, component::Traits::never_waits)) {
    name_length_ = name.copy(name_, sizeof name_);
    for (u32 i = 0; i < timer_count; ++i) {
        timers_[i].owner = this;
        timers_[i].index = i;
    }
    crashed = [](Observer& observer, Strand&, Errno why) {
        auto& self = static_cast<Instance&>(observer);
        self.crash_reason_ = why;
        self.state_.store(InstanceState::crashed, std::memory_order_release);
        self.ask_for_attention();
    };
    kick = [](Observer& observer, Strand&) {
        if (Worker* worker = static_cast<Instance&>(observer).worker_)
            worker->kick();
    };
}

Instance::~Instance() {
    delete worker_;
    for (InstanceTimer& timer : timers_)
        timer.cancel();
    for (Service& service : services_)
        delete service.gate;
    if (!device_is_quiet_) {
        dma_.abandon();
        former_dma_.abandon();
    }
}

StrandTarget Instance::target() { return {&env_, image_->descriptor().handlers}; }

void Instance::run_strand(void* instance) { static_cast<Instance*>(instance)->strand_.run_queue(); }

void Instance::interrupt_arrived(void* instance, u32 line) {
    static_cast<Instance*>(instance)->strand_.post_interrupt(line);
}

void Instance::ask_for_attention() {
    attention_.store(true, std::memory_order_release);
    wake_component_manager();
}

// The strand is held (fresh) or broken (again); start runs in it, then the gates open.
Result<> Instance::begin_life(bool again) {
    state_.store(InstanceState::starting, std::memory_order_release);
    if (again)
        strand_.restart(target());
    else
        strand_.rebind(target());
    const Result<> started = strand_.run_handler(
        [&](component::Env& env) { return image_->descriptor().handlers.start(env); });
    if (!started || strand_.phase() != GatePhase::held)
        return started ? Result<>(Failure(crash_reason_.load())) : started;
    former_dma_.free_all(); // start has reset the device
    state_.store(InstanceState::running, std::memory_order_release);
    strand_.release();
    return {};
}

Result<> Instance::start() {
    if (device_)
        TRY(device_->open());
    const Result<> begun = begin_life(false);
    if (!begun) {
        quiet_device();
        if (strand_.phase() == GatePhase::held || strand_.phase() == GatePhase::broken)
            strand_.give_up();
        state_.store(InstanceState::failed, std::memory_order_release);
        return begun;
    }
    attention_.store(false, std::memory_order_release);
    settle();
    return {};
}

// Stops what the device may still do on behalf of a life that is over.
void Instance::quiet_device() {
    for (InstanceTimer& timer : timers_)
        timer.cancel();
    if (!device_)
        return;
    device_->set_bus_master(false);
    for (u32 line = 0; connected_interrupts_ != 0; ++line) {
        if (connected_interrupts_ & (u32{1} << line))
            device_->disconnect_interrupt(line);
        connected_interrupts_ &= ~(u32{1} << line);
    }
}

void Instance::recover() {
    LOG_WARNING("{}: ended: {}", name(), crash_reason_.load());
    quiet_device();
    const u64 answered = strand_.answered();
    restarts_in_a_row_ = answered == answered_at_restart_ ? restarts_in_a_row_ + 1 : 0;
    answered_at_restart_ = answered;
    if (restarts_in_a_row_ >= restart_limit || (device_ && device_->is_removed())) {
        LOG_ERROR("{}: given up", name());
        give_up();
        return;
    }
    ++restarts_;
    former_dma_ = std::move(dma_);
    memset(arena_.as<u8>(), 0, arena_.size().value);
    if (const Result<> begun = begin_life(true); !begun) {
        LOG_ERROR("{}: does not start again: {}", name(), begun.error());
        quiet_device();
        give_up();
        return;
    }
    LOG_INFO("{}: restarted", name());
    settle();
}

void Instance::stop() {
    if (state() == InstanceState::running && strand_.hold()) {
        if (image_->descriptor().handlers.stop)
            strand_.run_handler([&](component::Env& env) {
                image_->descriptor().handlers.stop(env);
                return true;
            });
        device_is_quiet_ = strand_.phase() == GatePhase::held;
    }
    give_up();
}

void Instance::give_up() {
    quiet_device();
    if (strand_.phase() == GatePhase::open)
        (void)strand_.hold();
    if (strand_.phase() == GatePhase::held || strand_.phase() == GatePhase::broken)
        strand_.give_up();
    state_.store(InstanceState::failed, std::memory_order_release);
    for (u32 i = 0; i < maximum_services; ++i)
        withdraw_service(i);
}

void Instance::settle() {
    attention_.store(false, std::memory_order_release);
    if (state() == InstanceState::crashed) {
        recover();
        return;
    }
    if (state() != InstanceState::running)
        return;
    for (u32 i = 0; i < maximum_services; ++i) {
        if (services_[i].state == Service::State::offered) {
            if (const Result<> bound = bind_service(i); !bound)
                LOG_ERROR("{}: cannot bind \"{}\": {}", name(), services_[i].name, bound.error());
        } else if (services_[i].state == Service::State::withdrawing) {
            withdraw_service(i);
        }
    }
}

Result<> Instance::bind_service(u32 index) {
    Service& service = services_[index];
    if (!service.gate) {
        service.gate = new (base::fallible) Gate(strand_, index, service.binding->operations);
        if (!service.gate)
            return Failure(Errno::nomem);
    }
    service.state = Service::State::bound;
    if (!service.binding->bind)
        return {};
    Ref<ServiceSink> sink = TRY(service.binding->bind(
        {*service.gate, Ref<GateOwner>::share(*this), name(), image_->name(), service.name,
         std::span<const u8>(service.properties, service.binding->property_bytes)}));
    // Release: a handler that delivers sees the whole object.
    service.sink.store(sink.release(), std::memory_order_release);
    return {};
}

void Instance::withdraw_service(u32 index) {
    Service& service = services_[index];
    if (service.state == Service::State::absent)
        return;
    service.state = Service::State::absent;
    ServiceSink* sink = service.sink.exchange(nullptr, std::memory_order_acq_rel);
    if (!sink)
        return;
    strand_.pass_through(); // a handler may have been delivering to it
    sink->withdrawn();
    sink->drop_reference();
}

} // namespace core
