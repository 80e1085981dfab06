// SPDX-License-Identifier: BSD-2-Clause
#include "core/device/byte_stream_device.h"

#include <algorithm>

#include "base/format.h"
#include "base/memory_functions.h"
#include "base/owner_of.h"
#include "core/gate/worker.h"
#include "core/memory/frames.h"
#include "core/observe/log.h"

namespace core {

using component::ByteStream;
using component::StreamKind;

ByteStreamDevice::ByteStreamDevice(Gate& gate, Ref<GateOwner> owner, std::string_view name,
                                   const component::ByteStreamProperties& properties, u8* ring)
    : gate_(gate), owner_(std::move(owner)), properties_(properties),
      columns_(static_cast<u16>(properties.columns)), rows_(static_cast<u16>(properties.rows)),
      connected_(properties.host_connected != 0), ring_(ring) {
    name_length_ = name.copy(name_, sizeof name_);
    properties_.label[sizeof properties_.label - 1] = 0;
    transmit_.completed = transmit_completed;
    ready_.completed = ready_completed;
}

ByteStreamDevice::~ByteStreamDevice() {
    if (ring_)
        release_page(page_of_kernel(ring_));
}

std::string_view ByteStreamDevice::label() const { return properties_.label; }

usize ByteStreamDevice::writable_bytes() {
    auto state = state_.lock();
    return state->gone ? 0 : ring_size - static_cast<usize>(state->head - state->tail);
}

usize ByteStreamDevice::write(std::span<const u8> bytes) {
    usize taken = 0;
    {
        auto state = state_.lock();
        if (state->gone)
            return bytes.size(); // nobody hears it
        const usize room = ring_size - static_cast<usize>(state->head - state->tail);
        taken = std::min(room, bytes.size());
        const usize at = static_cast<usize>(state->head % ring_size);
        const usize first = std::min(taken, ring_size - at);
        memcpy(ring_ + at, bytes.data(), first);
        memcpy(ring_, bytes.data() + first, taken - first);
        state->head += taken;
        if (state->sending || taken == 0)
            return taken;
        state->sending = true; // from here on only the sender touches transmit_
        ++state->flights;
    }
    start_sending();
    return taken;
}

// Sends what lies contiguous in the ring, until the device keeps something. The sender calls this,
// and touches nothing afterwards.
void ByteStreamDevice::start_sending() {
    while (true) {
        usize length;
        {
            auto state = state_.lock();
            const usize at = static_cast<usize>(state->tail % ring_size);
            length = std::min(static_cast<usize>(state->head - state->tail), ring_size - at);
            if (length == 0 || state->gone) {
                state->sending = false;
                break;
            }
            piece_ = {page_of_kernel(ring_).physical() + at, length};
        }
        transmit_.pieces = {&piece_, 1};
        transmit_.request = {};
        transmit_.request.operation = static_cast<u16>(ByteStream::Operation::transmit);
        transmit_.request.buffer = {component::ObjectId::own_request, component::BufferRights::read,
                                    0, length};
        if (gate_.submit(transmit_) == SubmitOutcome::pending)
            return;
        auto state = state_.lock();
        state->tail += bytes_sent();
    }
    write_queue_.wake_all();
    end_flight();
}

// How much of what was submitted is gone. A device may take less than all of it, but not nothing;
// what one failed to send is lost, as on a line that is cut.
usize ByteStreamDevice::bytes_sent() const {
    const u64 length = piece_.length;
    const u64 sent = transmit_.reply.value;
    return transmit_.reply.ok() && sent != 0 && sent < length ? sent : length;
}

// Calls the receiver, if there is one, with no lock held; set_receiver waits for the call to end.
template <typename Function>
void ByteStreamDevice::with_receiver(Function function) {
    ByteStreamReceiver* receiver;
    {
        auto state = state_.lock();
        receiver = state->receiver;
        if (!receiver)
            return;
        ++state->receiver_calls;
    }
    function(*receiver);
    {
        auto state = state_.lock();
        --state->receiver_calls;
    }
    write_queue_.wake_all();
}

void ByteStreamDevice::transmit_completed(GateCall& call) {
    auto& self = base::owner_of(call, &ByteStreamDevice::transmit_);
    {
        auto state = self.state_.lock();
        state->tail += self.bytes_sent();
    }
    self.with_receiver([](ByteStreamReceiver& receiver) { receiver.writable(); });
    self.write_queue_.wake_all();
    self.start_sending();
}

Result<> ByteStreamDevice::drain(Sleep sleep) {
    TRY(write_queue_.wait(
        [this] {
            auto state = state_.lock();
            return state->gone || state->head == state->tail;
        },
        sleep));
    return {};
}

void ByteStreamDevice::set_receiver(ByteStreamReceiver* receiver) {
    {
        auto state = state_.lock();
        state->receiver = receiver;
    }
    (void)write_queue_.wait([this] { return state_.lock()->receiver_calls == 0; },
                            Sleep::uninterruptible);
    if (receiver)
        receive_ready();
}

void ByteStreamDevice::receive_ready() {
    // 0 -> 1: ours to submit. Otherwise whoever is at it submits again.
    if (!begin_flight())
        return;
    if (ready_wanted_.fetch_add(1, std::memory_order_acq_rel) == 0)
        submit_ready();
    else
        end_flight();
}

// Whoever calls this has ready_, until it is submitted or ready_wanted_ is 0 again, and touches
// nothing afterwards.
void ByteStreamDevice::submit_ready() {
    while (true) {
        ready_.request = {};
        ready_.request.operation = static_cast<u16>(ByteStream::Operation::receive_ready);
        const u32 seen = ready_wanted_.load(std::memory_order_acquire);
        if (gate_.submit(ready_) == SubmitOutcome::pending)
            return;
        u32 expected = seen;
        if (ready_wanted_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) {
            end_flight();
            return;
        }
        ready_wanted_.store(1, std::memory_order_release);
    }
}

void ByteStreamDevice::ready_completed(GateCall& call) {
    auto& self = base::owner_of(call, &ByteStreamDevice::ready_);
    u32 expected = 1;
    if (self.ready_wanted_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel)) {
        self.end_flight();
        return;
    }
    // It may have been asked for again since it was submitted: one more round costs little.
    self.ready_wanted_.store(1, std::memory_order_release);
    self.submit_ready();
}

Result<> ByteStreamDevice::control(ByteStream::Operation operation, u64 a, u64 b) {
    GateCall call;
    call.request.operation = static_cast<u16>(operation);
    call.request.arguments = {a, b, 0};
    TRY(gate_.call(call));
    return {};
}

Result<> ByteStreamDevice::set_line(u32 baud, u32 data_bits, u32 stop_bits, u32 parity) {
    const u64 format = data_bits | stop_bits << 8 | parity << 16;
    TRY(control(ByteStream::Operation::set_line, baud, format));
    line_.a = baud;
    line_.b = format;
    line_.is_set = true;
    return {};
}

Result<> ByteStreamDevice::set_open(bool open) {
    open_.a = open;
    open_.is_set = true;
    return control(ByteStream::Operation::set_open, open, 0);
}

void ByteStreamDevice::restarted() {
    tell_again(ByteStream::Operation::set_line, line_);
    tell_again(ByteStream::Operation::set_open, open_);
    receive_ready(); // a fresh life has not stalled
}

// One that is still on its way reaches the fresh life by itself: the gate submits it again.
void ByteStreamDevice::tell_again(ByteStream::Operation operation, Setting& setting) {
    if (!setting.is_set || setting.is_on_its_way.exchange(true) || !begin_flight())
        return;
    setting.call.request = {};
    setting.call.request.operation = static_cast<u16>(operation);
    setting.call.request.arguments = {setting.a, setting.b, 0};
    setting.call.completed = told_again;
    if (gate_.submit(setting.call) == SubmitOutcome::done)
        told_again(setting.call);
}

void ByteStreamDevice::told_again(GateCall& call) {
    auto& setting = base::owner_of(call, &Setting::call);
    setting.is_on_its_way = false;
    setting.owner.end_flight();
}

bool ByteStreamDevice::begin_use() {
    auto state = state_.lock();
    state->uses += !state->retired;
    return !state->retired;
}

void ByteStreamDevice::end_use() { --state_.lock()->uses; }

bool ByteStreamDevice::is_used() { return state_.lock()->uses != 0; }

bool ByteStreamDevice::retire() {
    auto state = state_.lock();
    state->retired = state->uses == 0;
    return state->retired;
}

void ByteStreamDevice::stay() { state_.lock()->retired = false; }

u64 ByteStreamDevice::delivered(u32 event, std::span<const u8> bytes) {
    u64 taken = bytes.size();
    switch (static_cast<ByteStream::Event>(event)) {
    case ByteStream::Event::received:
        taken = 0;
        with_receiver([&](ByteStreamReceiver& receiver) { taken = receiver.received(bytes); });
        break;
    case ByteStream::Event::resized:
        if (bytes.size() != 4)
            break;
        columns_ = static_cast<u16>(bytes[0] | bytes[1] << 8);
        rows_ = static_cast<u16>(bytes[2] | bytes[3] << 8);
        with_receiver([&](ByteStreamReceiver& receiver) { receiver.resized(columns_, rows_); });
        break;
    case ByteStream::Event::broken:
        with_receiver([](ByteStreamReceiver& receiver) { receiver.line_break(); });
        break;
    case ByteStream::Event::host_open:
        if (bytes.size() != 1)
            break;
        connected_ = bytes[0] != 0;
        with_receiver(
            [&](ByteStreamReceiver& receiver) { receiver.connection_changed(connected_); });
        break;
    }
    return taken;
}

// --- the registry

class ByteStreamRegistry {
public:
    struct State {
        List<ByteStreamDevice, &ByteStreamDevice::registry_link_>
            devices; // owns a reference to each
        ByteStreamListener listener = nullptr;
        u32 next_hvc = 0;
    };
    static Guarded<State, lock_class::stream_registry>& state() { return *state_; }
    static Result<> start();
    static Result<Ref<ServiceSink>> bind(const OfferedService& service);
    static void remove(ByteStreamDevice& device);
    // Drops the registry's reference. Any context.
    static void release(ByteStreamDevice& device);

private:
    static void release_all(void*);
    static base::Text<32> name_for(const OfferedService& service,
                                   const component::ByteStreamProperties& properties, u32& index);
    static Guarded<State, lock_class::stream_registry>* state_;
    static Worker* worker_;
    static std::atomic<ByteStreamDevice*> released_; // a stack, for the worker
};
Guarded<ByteStreamRegistry::State, lock_class::stream_registry>* ByteStreamRegistry::state_;
Worker* ByteStreamRegistry::worker_;
std::atomic<ByteStreamDevice*> ByteStreamRegistry::released_;

Result<> ByteStreamRegistry::start() {
    state_ = new (base::fallible) Guarded<State, lock_class::stream_registry>;
    if (!state_)
        return Failure(Errno::nomem);
    worker_ = TRY(Worker::create("streams", release_all, nullptr)).release();
    return register_interface(binding_of<ByteStream>(&ByteStreamRegistry::bind));
}

// ttyS<n> by the port's place, hvc<n> in order, vport<device>p<port> with devices counted from 1 as
// virtio's transport numbers show up in Linux for the first console.
base::Text<32> ByteStreamRegistry::name_for(const OfferedService& service,
                                            const component::ByteStreamProperties& properties,
                                            u32& index) {
    if (properties.kind == StreamKind::serial) {
        index = properties.number;
        return base::Text<32>("ttyS{}", index);
    }
    if (properties.kind == StreamKind::console) {
        index = state_->lock()->next_hvc++;
        return base::Text<32>("hvc{}", index);
    }
    u32 device = 0;
    for (char c : service.instance) {
        if (c >= '0' && c <= '9')
            device = device * 10 + static_cast<u32>(c - '0');
    }
    index = properties.number;
    return base::Text<32>("vport{}p{}", device, index);
}

Result<Ref<ServiceSink>> ByteStreamRegistry::bind(const OfferedService& service) {
    component::ByteStreamProperties properties;
    memcpy(&properties, service.properties.data(), sizeof properties);
    PageRef ring = TRY(allocate_frame(PageUse::kernel, FrameContent::zeroed));
    u32 index = 0;
    const base::Text<32> name = name_for(service, properties, index);
    Ref<ByteStreamDevice> device = TRY(Ref<ByteStreamDevice>::create(
        service.gate, service.owner, name.view(), properties, ring->bytes()));
    (void)ring.release(); // the device's
    device->index_ = index;
    ByteStreamListener listener;
    {
        auto state = state_->lock();
        Ref<ByteStreamDevice> kept = device;
        state->devices.push_back(*kept.release());
        listener = state->listener;
    }
    LOG_INFO("{}: {}{}", device->name(), service.instance,
             device->label().empty() ? "" : base::Text<80>(", \"{}\"", device->label()).view());
    if (listener)
        listener(*device, true);
    return Ref<ServiceSink>(std::move(device));
}

void ByteStreamRegistry::remove(ByteStreamDevice& device) {
    ByteStreamListener listener;
    {
        auto state = state_->lock();
        if (!device.registry_link_.is_linked())
            return;
        device.registry_link_.unlink();
        listener = state->listener;
    }
    if (listener)
        listener(device, false);
}

// The end of a device frees what interrupts may not free.
void ByteStreamRegistry::release(ByteStreamDevice& device) {
    device.next_released_ = released_.load(std::memory_order_relaxed);
    // Release: the worker sees the device as it was left.
    while (!released_.compare_exchange_weak(device.next_released_, &device,
                                            std::memory_order_release, std::memory_order_relaxed)) {
    }
    worker_->kick();
}

void ByteStreamRegistry::release_all(void*) {
    ByteStreamDevice* device = released_.exchange(nullptr, std::memory_order_acquire);
    while (device) {
        ByteStreamDevice* next = device->next_released_;
        device->drop_reference();
        device = next;
    }
}

bool ByteStreamDevice::begin_flight() {
    auto state = state_.lock();
    if (state->gone)
        return false;
    ++state->flights;
    return true;
}

// The last one of a device that is gone lets it go.
void ByteStreamDevice::end_flight() {
    auto state = state_.lock();
    const bool is_last = --state->flights == 0 && state->gone;
    state.unlock();
    if (is_last)
        ByteStreamRegistry::release(*this);
}

void ByteStreamDevice::withdrawn() {
    {
        auto state = state_.lock();
        state->gone = true;
        ++state->flights;
    }
    connected_ = false;
    with_receiver([](ByteStreamReceiver& receiver) { receiver.connection_changed(false); });
    write_queue_.wake_all();
    ByteStreamRegistry::remove(*this);
    end_flight();
}

namespace {

template <typename Predicate>
Result<Ref<ByteStreamDevice>> find_stream(Predicate predicate) {
    auto state = ByteStreamRegistry::state().lock();
    for (ByteStreamDevice& device : state->devices) {
        if (predicate(device))
            return Ref<ByteStreamDevice>::share(device);
    }
    return Failure(Errno::noent);
}

} // namespace

Result<Ref<ByteStreamDevice>> find_byte_stream(std::string_view name) {
    return find_stream([&](ByteStreamDevice& device) { return device.name() == name; });
}

Result<Ref<ByteStreamDevice>> find_port(std::string_view label) {
    return find_stream([&](ByteStreamDevice& device) {
        return device.kind() == StreamKind::port && device.label() == label;
    });
}

namespace {

RefOrNull<ByteStreamDevice> stream_at(u32 index) {
    auto state = ByteStreamRegistry::state().lock();
    for (ByteStreamDevice& device : state->devices) {
        if (index-- == 0)
            return RefOrNull<ByteStreamDevice>::share(&device);
    }
    return nullptr;
}

} // namespace

void for_each_byte_stream(bool (*visit)(ByteStreamDevice&, void*), void* argument) {
    for (u32 i = 0;; ++i) {
        const auto device = stream_at(i);
        if (!device || !visit(*device, argument))
            return;
    }
}

void set_byte_stream_listener(ByteStreamListener listener) {
    {
        auto state = ByteStreamRegistry::state().lock();
        state->listener = listener;
    }
    if (!listener)
        return;
    for (u32 i = 0;; ++i) {
        const auto device = stream_at(i);
        if (!device)
            return;
        listener(*device, true);
    }
}

Result<> start_byte_streams() { return ByteStreamRegistry::start(); }

} // namespace core
