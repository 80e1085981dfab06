// SPDX-License-Identifier: BSD-2-Clause
// An instance's start and end, its device's interrupts and timers, and what it offers.
#include "core/component/instance.h"

#include "base/memory_functions.h"
#include "core/component/manager.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "core/time/clock.h"

namespace core {

namespace {

// Handlers run with interrupts on, also inside one: the timer's must come through, which ends those
// that never return.
class OpenToInterrupts {
public:
    OpenToInterrupts() {
        ensure_tick();
        arch::enable_interrupts();
    }
    ~OpenToInterrupts() { arch::disable_interrupts(); }
};

} // namespace

std::atomic<u32> Instance::next_number_{1};

Instance::InstanceTimer::InstanceTimer() : Timer(&InstanceTimer::fired) {}

void Instance::InstanceTimer::fired(Timer& timer) {
    auto& self = static_cast<InstanceTimer&>(timer);
    const OpenToInterrupts open;
    self.owner->strand_.post_timer(self.index);
}

Result<Ref<Instance>> Instance::create(Ref<ComponentObject> object, RefOrNull<Device> device,
                                       std::string_view name, std::span<const Child> children) {
    if (children.size() > maximum_children ||
        children.size() != object->descriptor().child_count)
        return Failure(Errno::inval);
    const Bytes size =
        base::bytes_of(base::pages_covering(Bytes(object->descriptor().arena_bytes)));
    KernelMapping arena = TRY(KernelMapping::allocate(size, KernelProtection::read_write));
    Ref<Instance> instance =
        TRY(Ref<Instance>::create(std::move(object), std::move(device), name, std::move(arena)));
    for (const Child& child : children)
        instance->children_[instance->child_count_++] = RefOrNull<ChildService>(child);
    if (!instance->strand_.never_waits())
        instance->worker_ =
            TRY(Worker::create(instance->name(), &Instance::run_strand, instance.get())).release();
    return instance;
}

Instance::Instance(Ref<ComponentObject> object, RefOrNull<Device> device, std::string_view name,
                   KernelMapping arena)
    : versions_(std::move(object)), object_(versions_.get()), device_(std::move(device)),
      arena_(std::move(arena)), env_(*this, kernel_env_table, arena_),
      strand_(*this, has_trait(versions_->descriptor().traits, component::Traits::never_waits)) {
    name_length_ = name.copy(name_, sizeof name_);
    for (u32 i = 0; i < timer_count; ++i) {
        timers_[i].owner = this;
        timers_[i].index = i;
    }
    recovery_timer_.owner = this;
    strand_.number = number_;
    strand_.set_answer_limit(base::milliseconds(boot_option_number("pith.answer_limit", 15'000)));
    crashed = [](Observer& observer, Strand&, Errno why) {
        auto& self = static_cast<Instance&>(observer);
        self.crash_reason_ = why;
        self.crash_time_ = now().value;
        self.state_.store(InstanceState::crashed, std::memory_order_release);
        self.ask_for_attention();
    };
    kick = [](Observer& observer, Strand&) {
        auto& self = static_cast<Instance&>(observer);
        if (self.strand_.runs_elsewhere())
            self.crew_.kick();
        else if (self.worker_)
            self.worker_->kick();
    };
    end_loans = [](Observer& observer, Strand& strand) {
        auto& self = static_cast<Instance&>(observer);
        const auto is_over = [](const void* of, u64 request) {
            return const_cast<Strand*>(static_cast<const Strand*>(of))->find(request) == nullptr;
        };
        return self.domain_->end_requests(is_over, &strand);
    };
}

Instance::~Instance() {
    delete worker_;
    recovery_timer_.cancel();
    for (InstanceTimer& timer : timers_)
        timer.cancel();
    for (Service& service : services_)
        delete service.gate;
    close_domain();
    if (!device_is_quiet_ && !domain_) { // what is confined writes to nothing that was taken back
        dma_.abandon();
        former_dma_.abandon();
    }
}

void Instance::run_strand(void* instance) { static_cast<Instance*>(instance)->strand_.run_queue(); }

void Instance::interrupt_arrived(void* instance, u32 line) {
    const OpenToInterrupts open;
    static_cast<Instance*>(instance)->strand_.post_interrupt(line);
}

void Instance::ask_for_attention() {
    attention_.store(true, std::memory_order_release);
    wake_component_manager();
}

void Instance::device_strayed(void* instance, const DmaFault&) {
    auto& self = *static_cast<Instance*>(instance);
    self.strays_.fetch_add(1, std::memory_order_relaxed);
    self.has_strayed_.store(true, std::memory_order_release);
    self.ask_for_attention();
}

Result<> Instance::open_domain() {
    if (!domain_)
        return {};
    TRY(domain_->open({&device_strayed, this}));
    is_domain_open_ = true;
    dma_.lend_by(domain_);
    return {};
}

// Nobody is inside the strand. Whatever the device still tries, it reaches no memory.
void Instance::close_domain() {
    if (!is_domain_open_)
        return;
    domain_->close();
    is_domain_open_ = false;
    dma_.forget_loans();
    (void)take_stray(); // this end answers for it
}

bool Instance::take_stray() {
    const bool strayed = has_strayed_.exchange(false, std::memory_order_acquire);
    if (strayed)
        LOG_WARNING("{}: its device reached for memory that was not lent to it", name());
    return strayed;
}

// The strand is held (fresh) or broken (again); start runs in it, then the gates open.
Result<> Instance::begin_life(bool again) {
    state_.store(InstanceState::starting, std::memory_order_release);
    injection_.disarm();
    const Result<> opened = open_domain();
    if (again)
        strand_.restart(home_->target(env_));
    else
        strand_.rebind(home_->target(env_));
    const Result<> started = opened ? home_->start(strand_) : opened;
    if (!started || strand_.phase() != GatePhase::held)
        return started ? Result<>(Failure(crash_reason_.load())) : started;
    former_dma_.free_all(); // start has reset the device
    state_.store(InstanceState::running, std::memory_order_release);
    strand_.release();
    return {};
}

Result<> Instance::start(Placement placement) {
    OperationsGuard guard(operations_);
    if (device_) {
        TRY(device_->open());
        domain_ = device_->dma_domain();
    }
    home_ = TRY(make_home(placement));
    placement_ = placement;
    const Result<> begun = begin_life(false);
    if (!begun) {
        end_all(InstanceState::failed);
        return begun;
    }
    attention_.store(false, std::memory_order_release);
    settle_services();
    return {};
}

Result<Home::Facts> Instance::home_facts() {
    OperationsGuard guard(operations_);
    if (!home_)
        return Failure(Errno::nodev);
    return home_->facts();
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

void Instance::stop() {
    OperationsGuard guard(operations_);
    if (state() == InstanceState::running && strand_.hold())
        device_is_quiet_ = home_->stop(strand_) && strand_.phase() == GatePhase::held;
    end_all(InstanceState::stopped);
}

void Instance::give_up() {
    OperationsGuard guard(operations_);
    end_all(InstanceState::failed);
}

void Instance::end_all(InstanceState state) {
    recovery_timer_.cancel();
    quiet_device();
    if (device_ && device_->is_removed())
        device_is_quiet_ = true; // what is gone writes to no memory
    if (strand_.phase() == GatePhase::open)
        (void)strand_.hold();
    close_domain();
    const bool may_write = device_ && !device_is_quiet_ && !domain_ && !dma_.is_empty();
    if (strand_.phase() == GatePhase::held || strand_.phase() == GatePhase::broken)
        strand_.give_up(may_write ? Strand::DeviceIs::unknown : Strand::DeviceIs::quiet);
    state_.store(state, std::memory_order_release);
    for (u32 i = 0; i < maximum_services; ++i)
        withdraw_service(i);
    strand_.pass_through(); // nobody is in the home any more
    home_ = nullptr;
}

void Instance::settle() {
    OperationsGuard guard(operations_);
    attention_.store(false, std::memory_order_release);
    if (take_stray() && state() == InstanceState::running)
        strand_.crash(Errno::acces);
    if (state() == InstanceState::crashed)
        recover();
    if (state() == InstanceState::running)
        settle_services();
}

// The sink of each service that has one, until `visit` answers false. With operations_ held.
template <typename Visit>
bool Instance::for_each_sink(Visit visit) {
    for (Service& service : services_) {
        ServiceSink* sink = service.sink.load(std::memory_order_acquire);
        if (sink && !visit(*sink))
            return false;
    }
    return true;
}

bool Instance::is_used() {
    if (!device_)
        return true;
    OperationsGuard guard(operations_);
    return !for_each_sink([](ServiceSink& sink) { return !sink.is_used(); });
}

bool Instance::retire() {
    if (!device_)
        return false;
    OperationsGuard guard(operations_);
    // Looked at first, so that who comes to one of several is not turned away in vain.
    is_retired_ = for_each_sink([](ServiceSink& sink) { return !sink.is_used(); }) &&
                  for_each_sink([](ServiceSink& sink) { return sink.retire(); });
    if (!is_retired_)
        end_retirement();
    return is_retired_;
}

void Instance::stay() {
    OperationsGuard guard(operations_);
    if (!is_retired_)
        return;
    is_retired_ = false;
    end_retirement();
    ask_for_attention(); // what was offered meanwhile
}

void Instance::end_retirement() {
    for_each_sink([](ServiceSink& sink) {
        sink.stay();
        return true;
    });
}

void Instance::settle_services() {
    for (u32 i = 0; i < maximum_services; ++i) {
        if (services_[i].state == Service::State::offered && !is_retired_) {
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
        {*service.gate, Ref<GateOwner>::share(*this), name(), object().name(), service.name,
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
