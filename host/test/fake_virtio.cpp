// SPDX-License-Identifier: BSD-2-Clause
#include "host/test/fake_virtio.h"

#include <cstring>

namespace host_test {

using component::DeviceFact;
using component::WindowInfo;

namespace {

constexpr u64 version_1 = u64{1} << 32, event_index = u64{1} << 29;
// Places in the one memory window of the PCI device.
constexpr u32 common_at = 0x0000, interrupt_at = 0x1000, device_at = 0x2000, notify_at = 0x3000,
              window_size = 0x4000, notify_step = 4;

struct RawDescriptor {
    u64 address;
    u32 length;
    u16 flags, next;
};

} // namespace

FakeVirtio::FakeVirtio(DeviceMemory& memory, VirtioTransport transport, u32 device_id, u64 features,
                       u32 queues)
    : memory_(memory), queues_(queues), transport_(transport), device_id_(device_id),
      features_(features | (transport == VirtioTransport::mmio_legacy ? 0 : version_1)) {
    build_configuration_space();
    reset();
}

void FakeVirtio::reset() {
    for (VirtQueue& queue : queues_)
        queue = {.size = maximum_size};
    status_ = interrupt_status_ = 0;
    driver_features_ = 0;
}

// --- configuration space with the four capabilities

void FakeVirtio::build_configuration_space() {
    const auto put = [&](u32 at, u32 value, u32 width) {
        std::memcpy(space_.data() + at, &value, width);
    };
    put(0x00, 0x1af4, 2);
    put(0x02, 0x1040 + device_id_, 2);
    put(0x06, 0x10, 2);
    put(0x34, 0x40, 1);
    constexpr u32 places[4] = {common_at, notify_at, interrupt_at, device_at};
    for (u32 type = 1; type <= 4; ++type) {
        const u32 at = 0x40 + (type - 1) * 0x18;
        put(at, 0x09, 1);
        put(at + 1, type < 4 ? at + 0x18 : 0, 1);
        put(at + 2, 0x14, 1);
        put(at + 3, type, 1);
        put(at + 4, 4, 1); // base address register 4
        put(at + 8, places[type - 1], 4);
        put(at + 12, 0x1000, 4);
        put(at + 16, notify_step, 4);
    }
    if (transport_ == VirtioTransport::pci) { // MSI-X behind the last
        put(0x40 + 3 * 0x18 + 1, 0xa0, 1);
        put(0xa0, 0x11, 1);
    }
}

u32 FakeVirtio::read_configuration(u32 offset, u32 width) {
    u32 value = 0;
    if (offset + width <= space_.size())
        std::memcpy(&value, space_.data() + offset, width);
    return value;
}

std::vector<WindowInfo> FakeVirtio::windows() const {
    if (is_pci())
        return {{window_size, 1, 4}};
    return {{0x200, 1, 0}};
}

u64 FakeVirtio::fact(DeviceFact fact) const {
    switch (fact) {
    case DeviceFact::bus:
        return static_cast<u64>(is_pci() ? component::DeviceBus::pci
                                         : component::DeviceBus::virtio_mmio);
    case DeviceFact::device: return device_id_;
    default: return 0;
    }
}

u32 FakeVirtio::message_interrupts(u32 wanted) {
    messages_ = transport_ == VirtioTransport::pci ? wanted : 0;
    return messages_;
}

// --- registers

u64 FakeVirtio::read_bytes(u64 offset, u32 width) {
    u64 value = 0;
    for (u32 i = 0; i < width && offset + i < configuration.size(); ++i)
        value |= u64{configuration[offset + i]} << (8 * i);
    return value;
}

u64 FakeVirtio::read(u32, u64 offset, u32 width) {
    if (!is_pci())
        return read_mmio(offset, width);
    if (offset >= notify_at)
        return 0;
    if (offset >= device_at)
        return read_bytes(offset - device_at, width);
    if (offset >= interrupt_at)
        return std::exchange(interrupt_status_, u8{0});
    return read_common(offset);
}

void FakeVirtio::write(u32, u64 offset, u32, u64 value) {
    if (!is_pci()) {
        write_mmio(offset, value);
    } else if (offset >= notify_at) {
        const u64 queue = (offset - notify_at) / notify_step;
        if (queue < queues_.size())
            queues_[queue].notified = true;
    } else if (offset < interrupt_at) {
        write_common(offset, value);
    }
}

u64 FakeVirtio::read_common(u64 offset) {
    VirtQueue none;
    VirtQueue& queue = queue_select_ < queues_.size() ? queues_[queue_select_] : none;
    switch (offset) {
    case 0x04: return feature_select_ < 2 ? u32(features_ >> (32 * feature_select_)) : 0;
    case 0x10: return config_vector_;
    case 0x12: return queues_.size();
    case 0x14: return status_;
    case 0x15: return generation_;
    case 0x18: return queue.size;
    case 0x1a: return queue_vector_;
    case 0x1c: return queue.enabled;
    case 0x1e: return queue_select_;
    default: return 0;
    }
}

namespace {

void set_half(u64& word, bool high, u64 value) {
    word = high ? (word & 0xffff'ffff) | value << 32 : (word & ~u64{0xffff'ffff}) | value;
}

} // namespace

void FakeVirtio::write_common(u64 offset, u64 value) {
    VirtQueue none;
    VirtQueue& queue = queue_select_ < queues_.size() ? queues_[queue_select_] : none;
    switch (offset) {
    case 0x00: feature_select_ = static_cast<u32>(value); break;
    case 0x08: driver_feature_select_ = static_cast<u32>(value); break;
    case 0x0c: set_half(driver_features_, driver_feature_select_ == 1, value); break;
    case 0x10: config_vector_ = static_cast<u16>(value); break;
    case 0x14: value == 0 ? reset() : void(status_ = static_cast<u8>(value)); break;
    case 0x16: queue_select_ = static_cast<u32>(value); break;
    case 0x18: queue.size = static_cast<u32>(value); break;
    case 0x1a: queue_vector_ = static_cast<u16>(value); break;
    case 0x1c: queue.enabled = value != 0; break;
    case 0x20: set_half(queue.descriptors, false, value); break;
    case 0x24: set_half(queue.descriptors, true, value); break;
    case 0x28: set_half(queue.available, false, value); break;
    case 0x2c: set_half(queue.available, true, value); break;
    case 0x30: set_half(queue.used, false, value); break;
    case 0x34: set_half(queue.used, true, value); break;
    default: break;
    }
}

u64 FakeVirtio::read_mmio(u64 offset, u32 width) {
    VirtQueue none;
    VirtQueue& queue = queue_select_ < queues_.size() ? queues_[queue_select_] : none;
    if (offset >= 0x100)
        return read_bytes(offset - 0x100, width);
    switch (offset) {
    case 0x000: return 0x7472'6976;
    case 0x004: return legacy() ? 1 : 2;
    case 0x008: return device_id_;
    case 0x010: return feature_select_ < 2 ? u32(features_ >> (32 * feature_select_)) : 0;
    case 0x034: return queue_select_ < queues_.size() ? maximum_size : 0;
    case 0x044: return queue.enabled;
    case 0x060: return interrupt_status_;
    case 0x070: return status_;
    case 0x0fc: return generation_;
    default: return 0;
    }
}

void FakeVirtio::write_mmio(u64 offset, u64 value) {
    VirtQueue none;
    VirtQueue& queue = queue_select_ < queues_.size() ? queues_[queue_select_] : none;
    switch (offset) {
    case 0x014: feature_select_ = static_cast<u32>(value); break;
    case 0x020: set_half(driver_features_, driver_feature_select_ == 1, value); break;
    case 0x024: driver_feature_select_ = static_cast<u32>(value); break;
    case 0x030: queue_select_ = static_cast<u32>(value); break;
    case 0x038: queue.size = static_cast<u32>(value); break;
    case 0x040: // legacy: everything follows from one page number (2.7.2)
        queue.descriptors = value << 12;
        queue.available = queue.descriptors + 16 * queue.size;
        queue.used = (queue.available + 6 + 2 * queue.size + 4095) & ~u64{4095};
        queue.enabled = value != 0;
        break;
    case 0x044: queue.enabled = value != 0; break;
    case 0x050:
        if (value < queues_.size())
            queues_[value].notified = true;
        break;
    case 0x064: interrupt_status_ &= static_cast<u8>(~value); break;
    case 0x070: value == 0 ? reset() : void(status_ = static_cast<u8>(value)); break;
    case 0x080: set_half(queue.descriptors, false, value); break;
    case 0x084: set_half(queue.descriptors, true, value); break;
    case 0x090: set_half(queue.available, false, value); break;
    case 0x094: set_half(queue.available, true, value); break;
    case 0x0a0: set_half(queue.used, false, value); break;
    case 0x0a4: set_half(queue.used, true, value); break;
    default: break;
    }
}

// --- queues

u16 FakeVirtio::load16(u64 address) {
    const auto bytes = memory_.view(address, 2);
    u16 value = 0;
    if (!bytes.empty())
        std::memcpy(&value, bytes.data(), 2);
    return value;
}

void FakeVirtio::store16(u64 address, u16 value) {
    const auto bytes = memory_.view(address, 2);
    if (!bytes.empty())
        std::memcpy(bytes.data(), &value, 2);
}

std::vector<u8> FakeVirtio::Chain::read_all() const {
    std::vector<u8> all;
    for (const auto& part : readable)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

u32 FakeVirtio::Chain::write(std::span<const u8> bytes) const {
    usize at = 0;
    for (const auto& part : writable) {
        const usize here = std::min(part.size(), bytes.size() - at);
        std::memcpy(part.data(), bytes.data() + at, here);
        at += here;
    }
    return static_cast<u32>(at);
}

std::optional<FakeVirtio::Chain> FakeVirtio::take(u32 number) {
    VirtQueue& queue = queues_[number];
    if (!queue.enabled || !running() || load16(queue.available + 2) == queue.last_available)
        return {};
    Chain chain{};
    chain.head = load16(queue.available + 4 + 2 * (queue.last_available++ % queue.size));
    if (driver_features_ & event_index) // wants to be told of the next one
        store16(queue.used + 4 + 8 * queue.size, queue.last_available);
    u64 table = queue.descriptors;
    u32 entries = queue.size;
    u16 at = chain.head;
    for (u32 steps = 0; steps < 1000; ++steps) {
        const auto bytes = at < entries ? memory_.view(table + 16 * u64{at}, 16) : std::span<u8>();
        if (bytes.empty())
            break;
        RawDescriptor descriptor;
        std::memcpy(&descriptor, bytes.data(), 16);
        if (descriptor.flags & 4) {
            table = descriptor.address;
            entries = descriptor.length / 16;
            at = 0;
            continue;
        }
        const auto data = memory_.view(descriptor.address, descriptor.length);
        ((descriptor.flags & 2) ? chain.writable : chain.readable).push_back(data);
        if (!(descriptor.flags & 1))
            break;
        at = descriptor.next;
    }
    return chain;
}

void FakeVirtio::complete(u32 number, u16 head, u32 length) {
    VirtQueue& queue = queues_[number];
    const auto element = memory_.view(queue.used + 4 + 8 * (queue.used_index % queue.size), 8);
    if (element.empty())
        return;
    const u32 words[2] = {head, length};
    std::memcpy(element.data(), words, 8);
    store16(queue.used + 2, ++queue.used_index);
    interrupt_status_ |= 1;
}

u32 FakeVirtio::process(u32 number) {
    u32 handled = 0;
    while (auto chain = take(number)) {
        u32 written = 0;
        if (perform(number, *chain, written))
            complete(number, chain->head, written);
        ++handled;
    }
    return handled;
}

bool FakeVirtio::wants_interrupt(u32 number) {
    VirtQueue& queue = queues_[number];
    const u16 before = std::exchange(queue.signalled, queue.used_index);
    if (before == queue.used_index)
        return false;
    if (!(driver_features_ & event_index))
        return (load16(queue.available) & 1) == 0;
    const u16 event = load16(queue.available + 4 + 2 * queue.size);
    return static_cast<u16>(queue.used_index - event - 1) <
           static_cast<u16>(queue.used_index - before);
}

std::span<u8> FakeVirtio::ring(u32 number) {
    return memory_.view(queues_[number].used, 4 + 8 * u64{queues_[number].size});
}

} // namespace host_test
