// SPDX-License-Identifier: BSD-2-Clause
// How a driver reaches its virtio device, over PCI or MMIO (Virtio 1.2, 4.1 and 4.2): status,
// features, queues, notification, interrupts, configuration. `Transport` is arena data. What a
// device says of itself is checked here; a wrong word is logged and the call fails with proto.
#pragma once

#include <optional>

#include "components/virtio_support/queue.h"
#include "components/virtio_support/virtio.h"

namespace virtio {

class Transport {
public:
    // Finds the device's structures. Errors: nodev (no virtio device here), proto.
    Result<> find(Env& env);

    // Reset, then the agreement on features: `wanted` ones of the device's type that it also has,
    // plus those of the ring. Waits. Errors: nodev (will not reset), proto (refuses).
    Result<> negotiate(Env& env, u64 wanted);
    // The device may run from here on; its queues are set up.
    void start(Env& env);
    // Only asks: for devices that are given up.
    void reset(Env& env) { write_status(env, 0); }
    void mark_failed(Env& env) { write_status(env, read_status(env) | status::failed); }

    bool has(u64 feature) const { return (features_ & feature) != 0; }
    bool is_legacy() const { return kind_ == Kind::legacy_mmio; }
    u32 used_alignment() const { return is_legacy() ? legacy_page : 4; }
    // What a ring in memory must be aligned to.
    u32 ring_alignment() const { return is_legacy() ? legacy_page : 64; }

    // Interrupts, before the queues: messages where the device has them. Errors: those of Env.
    Result<> connect_interrupts(Env& env);
    // In the interrupt handler: what it may be about (cause::*). Acknowledges the device's side.
    u32 take_causes(Env& env, u32 line);
    // At the end of the handler.
    void end_interrupt(Env& env, u32 line) {
        if (messages_ == 0)
            env.acknowledge_interrupt(line);
    }

    // Entries of queue `index` on the device: a power of two, at most `limit`; 0: it does not
    // exist. Errors: proto.
    Result<u16> queue_size(Env& env, u16 index, u32 limit);
    // Gives the device a zeroed ring and makes `queue` its other side. Errors: proto.
    template <u32 Capacity>
    Result<> set_up_queue(Env& env, Queue<Capacity>& queue, u16 index, u16 size,
                          const DmaPlace& ring) {
        const QueueShape shape = TRY(enable_queue(env, {index, size, used_alignment()}, ring));
        queue.initialize(shape, ring);
        return {};
    }
    template <u32 Capacity>
    void notify_if_wanted(Env& env, Queue<Capacity>& queue) {
        if (queue.must_notify(env))
            notify(env, queue.index(), queue.notify_offset());
    }
    template <u32 Capacity>
    void notify_always(Env& env, Queue<Capacity>& queue) {
        (void)queue.must_notify(env);
        notify(env, queue.index(), queue.notify_offset());
    }

    // The device's configuration, read whole between two equal generations; fields past its end are
    // 0. Configuration::widths has the bytes of each access (4.1.3.1: fields are read in their own
    // width). Errors: proto (it never holds still).
    template <typename Configuration>
    Result<Configuration> configuration(Env& env) {
        std::array<u8, sizeof(Configuration)> bytes{};
        TRY(read_configuration(env, bytes, Configuration::widths));
        return std::bit_cast<Configuration>(bytes);
    }
    // The device asks to be reset (2.1.1), or is gone from its bus.
    bool is_broken(Env& env) { return (read_status(env) & status::needs_reset) != 0; }

private:
    enum class Kind : u32 { none, pci, mmio, legacy_mmio };

    Result<> find_pci(Env& env);
    Result<> take_capability(Env& env, u32 at);
    Result<> find_mmio(Env& env);
    u32 read_status(Env& env);
    void write_status(Env& env, u32 value);
    u64 read_features(Env& env);
    void write_features(Env& env, u64 features);
    Result<QueueShape> enable_queue(Env& env, QueueShape shape, const DmaPlace& ring);
    Result<QueueShape> enable_pci_queue(Env& env, QueueShape shape, const DmaPlace& ring);
    Result<> enable_mmio_queue(Env& env, const QueueShape& shape, const DmaPlace& ring);
    void notify(Env& env, u16 queue, u32 offset);
    Result<> read_configuration(Env& env, std::span<u8> to, std::span<const u8> widths);
    u32 generation(Env& env);
    static Failure refuse(Env& env, Errno error, std::string_view why) {
        env.log(component::LogLevel::error, "{}", why);
        return Failure(error);
    }

    Kind kind_ = Kind::none;
    u32 messages_ = 0; // MSI-X vectors in use
    Window common_;    // MMIO: the window
    Window notify_;
    Window interrupt_;
    Window device_;
    u64 notify_length_ = 0;
    u64 device_length_ = 0;
    u64 features_ = 0;
    u32 notify_multiplier_ = 0;
    u32 has_interrupt_status_ = 0;
};

// --- finding it

inline Result<> Transport::find(Env& env) {
    *this = Transport{};
    switch (static_cast<component::DeviceBus>(env.device_fact(component::DeviceFact::bus))) {
    case component::DeviceBus::pci: return find_pci(env);
    case component::DeviceBus::virtio_mmio: return find_mmio(env);
    default: return refuse(env, Errno::nodev, "neither a PCI nor an MMIO device");
    }
}

inline Result<> Transport::find_pci(Env& env) {
    constexpr u32 status = 0x06, has_list = 0x10, list = 0x34;
    if (!(env.read_configuration_space(status, 2) & has_list))
        return refuse(env, Errno::nodev, "no PCI capabilities: a legacy device is not driven");
    u32 at = env.read_configuration_space(list, 1) & 0xfc;
    bool messages = false;
    // A damaged list may be a circle; 48 fit into the first 256 bytes.
    for (u32 steps = 0; at >= 0x40 && at <= 0xfc && steps < 48; ++steps) {
        const u32 id = env.read_configuration_space(at, 1);
        if (id == pci::vendor_capability)
            TRY(take_capability(env, at));
        messages |= id == pci::msix_capability;
        at = env.read_configuration_space(at + 1, 1) & 0xfc;
    }
    if (kind_ == Kind::none || notify_length_ == 0)
        return refuse(env, Errno::nodev,
                      "no modern virtio structures: a legacy device is not driven");
    messages_ = messages ? 2 : 0; // wanted ones, see connect_interrupts
    return {};
}

// The first structure of each type counts (4.1.4.1: the device's order of preference).
inline Result<> Transport::take_capability(Env& env, u32 at) {
    if (at > 0x100 - 20)
        return {}; // runs over the end of the space that has capabilities
    const u32 length = env.read_configuration_space(at + 2, 1);
    const u32 type = env.read_configuration_space(at + 3, 1);
    const u32 bar = env.read_configuration_space(at + 4, 1);
    const u64 offset = env.read_configuration_space(at + 8, 4);
    const u64 bytes = env.read_configuration_space(at + 12, 4);
    if (length < 16 || type < pci::structure_common || type > pci::structure_device)
        return {};
    std::optional<u32> window;
    u64 window_length = 0;
    const u64 count = env.device_fact(component::DeviceFact::window_count);
    for (u32 i = 0; i < count && i < 8; ++i) {
        const auto info = env.window(i);
        if (info && info->index == bar && (info->kind == 1 || info->kind == 2)) {
            window = i;
            window_length = info->length;
        }
    }
    if (!window || offset > window_length || bytes > window_length - offset || offset % 4 != 0)
        return {}; // another one of the type may be usable
    const Window found{*window, offset};
    if (type == pci::structure_common && kind_ == Kind::none && bytes >= pci::common_length) {
        common_ = found;
        kind_ = Kind::pci;
    } else if (type == pci::structure_notify && notify_length_ == 0 && bytes >= 2 && length >= 20) {
        notify_ = found;
        notify_length_ = bytes;
        notify_multiplier_ = env.read_configuration_space(at + 16, 4);
    } else if (type == pci::structure_interrupt && !has_interrupt_status_ && bytes >= 1) {
        interrupt_ = found;
        has_interrupt_status_ = 1;
    } else if (type == pci::structure_device && device_length_ == 0) {
        device_ = found;
        device_length_ = bytes;
    }
    return {};
}

inline Result<> Transport::find_mmio(Env& env) {
    const component::WindowInfo info = TRY(env.window(0));
    if (info.length < mmio::device_configuration)
        return refuse(env, Errno::nodev, "MMIO window is too short");
    if (mmio::Magic::read(env, common_) != mmio::magic)
        return refuse(env, Errno::nodev, "not a virtio device: wrong magic word");
    const u32 version = mmio::Version::read(env, common_);
    if (version != 1 && version != 2)
        return refuse(env, Errno::nodev, "unknown version of the MMIO transport");
    kind_ = version == 2 ? Kind::mmio : Kind::legacy_mmio;
    device_ = {0, mmio::device_configuration};
    device_length_ = info.length - mmio::device_configuration;
    return {};
}

// --- status and features

inline u32 Transport::read_status(Env& env) {
    return kind_ == Kind::pci ? pci::DeviceStatus::read(env, common_)
                              : mmio::DeviceStatus::read(env, common_);
}

inline void Transport::write_status(Env& env, u32 value) {
    if (kind_ == Kind::pci)
        pci::DeviceStatus::write(env, common_, static_cast<u8>(value));
    else
        mmio::DeviceStatus::write(env, common_, value);
}

inline u64 Transport::read_features(Env& env) {
    u64 features = 0;
    for (u32 half = 0; half < 2; ++half) {
        u32 bits;
        if (kind_ == Kind::pci) {
            pci::DeviceFeatureSelect::write(env, common_, half);
            bits = pci::DeviceFeature::read(env, common_);
        } else {
            mmio::DeviceFeatureSelect::write(env, common_, half);
            bits = mmio::DeviceFeature::read(env, common_);
        }
        features |= u64{bits} << (32 * half);
    }
    return is_legacy() ? features & 0xffff'ffff : features;
}

inline void Transport::write_features(Env& env, u64 features) {
    for (u32 half = 0; half < (is_legacy() ? 1u : 2u); ++half) {
        const u32 bits = static_cast<u32>(features >> (32 * half));
        if (kind_ == Kind::pci) {
            pci::DriverFeatureSelect::write(env, common_, half);
            pci::DriverFeature::write(env, common_, bits);
        } else {
            mmio::DriverFeatureSelect::write(env, common_, half);
            mmio::DriverFeature::write(env, common_, bits);
        }
    }
}

inline Result<> Transport::negotiate(Env& env, u64 wanted) {
    write_status(env, 0);
    constexpr u32 patience = 1000; // milliseconds; real devices take microseconds
    u32 waited = 0;
    while (read_status(env) != 0) {
        if (++waited > patience)
            return refuse(env, Errno::nodev, "device does not reset");
        TRY(env.sleep(base::milliseconds(1)));
    }
    write_status(env, status::acknowledge);
    write_status(env, status::acknowledge | status::driver);
    const u64 offered = read_features(env);
    if (!is_legacy() && !(offered & feature::version_1))
        return refuse(env, Errno::proto, "device does not offer VIRTIO_F_VERSION_1");
    features_ = offered & (wanted | feature::ring_indirect | feature::ring_event_index |
                           feature::version_1 | feature::access_platform);
    write_features(env, features_);
    if (is_legacy()) {
        mmio::LegacyPageSize::write(env, common_, legacy_page);
        return {};
    }
    const u32 agreed = status::acknowledge | status::driver | status::features_ok;
    write_status(env, agreed);
    if (read_status(env) != agreed)
        return refuse(env, Errno::proto, "device does not accept the features it offered");
    return {};
}

inline void Transport::start(Env& env) {
    (void)env.control(component::ControlKind::bus_master, 1); // MMIO devices have none
    const u32 agreed = is_legacy() ? 0 : status::features_ok;
    write_status(env, status::acknowledge | status::driver | agreed | status::driver_ok);
}

// --- interrupts

// Message 0 tells of the configuration, message 1 of all queues; with one message, of everything.
inline Result<> Transport::connect_interrupts(Env& env) {
    if (messages_ != 0) {
        const auto got = env.control(component::ControlKind::message_interrupts, 2);
        messages_ = got ? static_cast<u32>(base::minimum<u64>(*got, 2)) : 0;
    }
    if (kind_ == Kind::pci) {
        const u16 vector = messages_ != 0 ? 0 : pci::no_vector;
        pci::ConfigurationVector::write(env, common_, vector);
        if (pci::ConfigurationVector::read(env, common_) != vector)
            return refuse(env, Errno::proto, "device refuses a vector for its configuration");
    }
    if (messages_ == 0 && kind_ == Kind::pci && !has_interrupt_status_)
        return refuse(env, Errno::proto, "neither messages nor an interrupt status register");
    TRY(env.enable_interrupt(0));
    if (messages_ == 2)
        TRY(env.enable_interrupt(1));
    return {};
}

inline u32 Transport::take_causes(Env& env, u32 line) {
    if (messages_ == 2)
        return line == 0 ? cause::configuration : cause::queue;
    if (messages_ == 1)
        return cause::configuration | cause::queue;
    if (kind_ == Kind::pci) // reading it takes the line down
        return pci::InterruptStatus::read(env, interrupt_) & (cause::queue | cause::configuration);
    const u32 causes = mmio::InterruptStatus::read(env, common_);
    if (causes != 0)
        mmio::InterruptAcknowledge::write(env, common_, causes);
    return causes & (cause::queue | cause::configuration);
}

// --- queues

inline Result<u16> Transport::queue_size(Env& env, u16 index, u32 limit) {
    u32 size;
    if (kind_ == Kind::pci) {
        if (index >= pci::QueueCount::read(env, common_))
            return u16{0};
        pci::QueueSelect::write(env, common_, index);
        size = pci::QueueSize::read(env, common_);
    } else {
        mmio::QueueSelect::write(env, common_, index);
        size = mmio::QueueSizeMaximum::read(env, common_);
    }
    if (size == 0)
        return u16{0};
    if (size > 32768)
        return refuse(env, Errno::proto, "a queue of impossible size");
    // MMIO's is only a maximum; a ring of ours is a power of two on both.
    const u32 rounded = u32{1} << base::log2_down(size);
    if (kind_ == Kind::pci && rounded != size)
        return refuse(env, Errno::proto, "a queue whose size is no power of two");
    return static_cast<u16>(base::minimum(rounded, limit));
}

inline Result<QueueShape> Transport::enable_queue(Env& env, QueueShape shape,
                                                  const DmaPlace& ring) {
    VERIFY(ring.address % ring_alignment() == 0);
    shape.features = features_;
    if (kind_ == Kind::pci)
        return enable_pci_queue(env, shape, ring);
    TRY(enable_mmio_queue(env, shape, ring));
    return shape;
}

inline Result<QueueShape> Transport::enable_pci_queue(Env& env, QueueShape shape,
                                                      const DmaPlace& ring) {
    pci::QueueSelect::write(env, common_, shape.index);
    pci::QueueSize::write(env, common_, shape.size);
    if (pci::QueueSize::read(env, common_) != shape.size)
        return refuse(env, Errno::proto, "device refuses a smaller queue");
    if (pci::QueueEnable::read(env, common_) != 0)
        return refuse(env, Errno::proto, "a queue is in use right after the reset");
    const u16 vector = messages_ == 0 ? pci::no_vector : static_cast<u16>(messages_ - 1);
    pci::QueueVector::write(env, common_, vector);
    if (pci::QueueVector::read(env, common_) != vector)
        return refuse(env, Errno::proto, "device refuses a vector for a queue");
    const u64 place = u64{pci::QueueNotifyOffset::read(env, common_)} * notify_multiplier_;
    if (place % 2 != 0 || place > notify_length_ - 2)
        return refuse(env, Errno::proto, "a queue's notification lies outside its structure");
    shape.notify_offset = static_cast<u32>(place);
    const RingLayout layout = RingLayout::of(shape.size, shape.used_alignment);
    const auto low = [](u64 address) { return static_cast<u32>(address); };
    const auto high = [](u64 address) { return static_cast<u32>(address >> 32); };
    pci::QueueDescriptorLow::write(env, common_, low(ring.address));
    pci::QueueDescriptorHigh::write(env, common_, high(ring.address));
    pci::QueueDriverLow::write(env, common_, low(ring.address + layout.available));
    pci::QueueDriverHigh::write(env, common_, high(ring.address + layout.available));
    pci::QueueDeviceLow::write(env, common_, low(ring.address + layout.used));
    pci::QueueDeviceHigh::write(env, common_, high(ring.address + layout.used));
    pci::QueueEnable::write(env, common_, 1);
    return shape;
}

inline Result<> Transport::enable_mmio_queue(Env& env, const QueueShape& shape,
                                             const DmaPlace& ring) {
    mmio::QueueSelect::write(env, common_, shape.index);
    const RingLayout layout = RingLayout::of(shape.size, shape.used_alignment);
    mmio::QueueSize::write(env, common_, shape.size);
    if (is_legacy()) {
        const u64 page = ring.address / legacy_page;
        if (page >> 32)
            return refuse(env, Errno::nomem, "ring lies too high for a legacy device");
        mmio::LegacyQueueAlign::write(env, common_, legacy_page);
        mmio::LegacyQueuePage::write(env, common_, static_cast<u32>(page));
        return {};
    }
    if (mmio::QueueReady::read(env, common_) != 0)
        return refuse(env, Errno::proto, "a queue is in use right after the reset");
    const auto low = [](u64 address) { return static_cast<u32>(address); };
    const auto high = [](u64 address) { return static_cast<u32>(address >> 32); };
    mmio::QueueDescriptorLow::write(env, common_, low(ring.address));
    mmio::QueueDescriptorHigh::write(env, common_, high(ring.address));
    mmio::QueueDriverLow::write(env, common_, low(ring.address + layout.available));
    mmio::QueueDriverHigh::write(env, common_, high(ring.address + layout.available));
    mmio::QueueDeviceLow::write(env, common_, low(ring.address + layout.used));
    mmio::QueueDeviceHigh::write(env, common_, high(ring.address + layout.used));
    mmio::QueueReady::write(env, common_, 1);
    return {};
}

inline void Transport::notify(Env& env, u16 queue, u32 offset) {
    if (kind_ == Kind::pci)
        env.write_register(notify_.index, notify_.base + offset, 2, queue);
    else
        mmio::QueueNotify::write(env, common_, queue);
}

// --- the device's configuration

inline u32 Transport::generation(Env& env) {
    if (kind_ == Kind::pci)
        return pci::ConfigurationGeneration::read(env, common_);
    return is_legacy() ? 0 : mmio::ConfigurationGeneration::read(env, common_);
}

inline Result<> Transport::read_configuration(Env& env, std::span<u8> to,
                                              std::span<const u8> widths) {
    for (u32 attempt = 0; attempt < 10; ++attempt) {
        const u32 before = generation(env);
        usize at = 0;
        for (const u8 width : widths) {
            if (at + width > device_length_)
                break;
            VERIFY(at + width <= to.size());
            const u64 value = env.read_register(device_.index, device_.base + at, width);
            for (u8 i = 0; i < width; ++i)
                to[at++] = static_cast<u8>(value >> (8 * i));
        }
        if (generation(env) == before)
            return {};
    }
    return refuse(env, Errno::proto, "the configuration never holds still");
}

} // namespace virtio
