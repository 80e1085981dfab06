// SPDX-License-Identifier: BSD-2-Clause
// How a driver reaches its virtio device: PCI with capabilities (4.1), or MMIO version 2 and legacy
// version 1 (4.2). Plain data, part of the driver's arena. Nothing read from the device is trusted
// beyond its register's width.
#pragma once

#include "abi/component/virtio/registers.h"

namespace component::virtio {

class Transport {
public:
    // Finds the device's structures and resets it. Errors: nodev (no such transport), io (it does not
    // reset), proto (registers that make no sense).
    Result<> open(Env& env) {
        *this = {};
        const auto bus = static_cast<DeviceBus>(env.device_fact(DeviceFact::bus));
        if (bus == DeviceBus::pci)
            TRY(open_pci(env));
        else if (bus == DeviceBus::virtio_mmio)
            TRY(open_mmio(env));
        else
            return Failure(Errno::nodev);
        return reset(env);
    }

    // 3.1.1, 1: writes 0 and waits for it to be read back.
    Result<> reset(Env& env) {
        write_status(env, 0);
        for (int tries = 0; tries < 1000; ++tries) {
            if (read_status(env) == 0)
                return {};
            TRY(env.sleep(Nanos(1'000'000)));
        }
        return Failure(Errno::io);
    }

    // 3.1.1, 2 to 6: of `wanted`, what the device has. Errors: nodev (it will not work like that).
    Result<u64> negotiate(Env& env, u64 wanted) {
        write_status(env, status::acknowledge);
        write_status(env, status::acknowledge | status::driver);
        const u64 offered = read_features(env);
        if (!legacy_ && !(offered & feature::version_1))
            return Failure(Errno::nodev);
        features_ = offered & (wanted | (legacy_ ? 0 : feature::version_1));
        write_features(env);
        if (legacy_)
            return features_;
        const u32 proposed = status::acknowledge | status::driver | status::features_ok;
        write_status(env, proposed);
        if (!(read_status(env) & status::features_ok))
            return Failure(Errno::nodev);
        return features_;
    }
    bool has(u64 feature_bit) const { return (features_ & feature_bit) != 0; }

    // Interrupts: a message for changes of the configuration (line 0) and one for queues (line 1), or
    // one for all (line 0), or the device's line. Errors: nodev, nospc.
    Result<> enable_interrupts(Env& env) {
        if (pci_)
            messages_ = static_cast<u32>(
                TRY(env.control(ControlKind::message_interrupts, 2)));
        if (messages_ > 2)
            messages_ = 2;
        for (u32 line = 0; line < (messages_ ? messages_ : 1u); ++line)
            TRY(env.enable_interrupt(line));
        if (messages_) {
            common::ConfigVector::write(env, common_, 0);
            if (common::ConfigVector::read(env, common_) != 0)
                return Failure(Errno::nospc);
        }
        return {};
    }
    // What happened, as interrupt_* bits. With messages of their own nothing has to be read.
    u32 take_interrupt(Env& env, u32 line) {
        if (messages_ == 2)
            return line == 0 ? interrupt_configuration : interrupt_queue;
        if (messages_ == 1)
            return interrupt_configuration | interrupt_queue;
        u32 happened;
        if (pci_) {
            happened = static_cast<u32>(env.read_register(interrupt_.index, interrupt_.base, 1));
        } else {
            happened = mmio::InterruptStatus::read(env, common_);
            mmio::InterruptAcknowledge::write(env, common_, happened);
        }
        env.acknowledge_interrupt(line);
        return happened;
    }

    // The largest size of queue `index`; 0: there is none.
    u32 queue_limit(Env& env, u16 index) {
        if (pci_) {
            common::QueueSelect::write(env, common_, index);
            return common::QueueSize::read(env, common_);
        }
        mmio::QueueSelect::write(env, common_, index);
        return mmio::QueueSizeMaximum::read(env, common_);
    }
    struct QueuePlace {
        u16 index;
        u16 size;
        u64 descriptors, available, used; // device addresses
    };
    // 4.1.5.1.3, 4.2.3.2. Errors: nospc (no vector), proto.
    Result<> enable_queue(Env& env, const QueuePlace& place) {
        return pci_ ? enable_queue_pci(env, place) : enable_queue_mmio(env, place);
    }
    void start(Env& env) { write_status(env, read_status(env) | status::driver_ok); }
    bool needs_reset(Env& env) { return (read_status(env) & status::needs_reset) != 0; }

    void notify(Env& env, u16 queue, u16 notify_offset) {
        if (pci_)
            env.write_register(notify_.index, notify_.base + u64{notify_offset} * multiplier_, 2,
                               queue);
        else
            mmio::QueueNotify::write(env, common_, queue);
    }
    // Where notify() writes for the queue just enabled.
    u16 notify_offset() const { return notify_offset_; }

    // A structure of the device's configuration (2.5), read until its generation stands still.
    template <typename T>
    T read_configuration(Env& env, u64 offset = 0) {
        T value{};
        for (int tries = 0; tries < 100; ++tries) {
            const u32 before = generation(env);
            read_bytes(env, offset, {reinterpret_cast<u8*>(&value), sizeof value});
            if (generation(env) == before)
                break;
        }
        return value;
    }
    void write_configuration(Env& env, u64 offset, u32 width, u64 value) {
        if (offset + width <= device_length_)
            env.write_register(device_.index, device_.base + offset, width, value);
    }

private:
    void read_bytes(Env& env, u64 offset, std::span<u8> to) {
        usize at = 0;
        while (at < to.size()) {
            const u64 place = offset + at;
            const usize left = to.size() - at;
            const u32 width = place % 4 == 0 && left >= 4 ? 4 : place % 2 == 0 && left >= 2 ? 2 : 1;
            // What the device does not have reads as zero.
            const u64 word =
                place + width <= device_length_
                    ? env.read_register(device_.index, device_.base + place, width)
                    : 0;
            for (u32 i = 0; i < width; ++i)
                to[at + i] = static_cast<u8>(word >> (8 * i));
            at += width;
        }
    }
    u32 generation(Env& env) {
        if (legacy_)
            return 0;
        return pci_ ? common::Generation::read(env, common_) : mmio::Generation::read(env, common_);
    }

    Result<Window> window_of(Env& env, u32 bar, u32 offset, u32 length) {
        const u64 count = env.device_fact(DeviceFact::window_count);
        for (u32 i = 0; i < count; ++i) {
            const WindowInfo info = TRY(env.window(i));
            if (info.index == bar && info.kind != 0) {
                if (offset > info.length || length > info.length - offset)
                    return Failure(Errno::proto);
                return Window{i, offset};
            }
        }
        return Failure(Errno::proto);
    }

    // Walks the list of capabilities; its length is bounded, for it may be a circle.
    Result<> open_pci(Env& env) {
        pci_ = 1;
        u32 found = 0;
        u32 at = env.read_configuration_space(0x34, 1) & 0xfc;
        for (int steps = 0; at >= 0x40 && at < 0xf0 && steps < 48; ++steps) {
            if (env.read_configuration_space(at, 1) == capability::vendor_id)
                TRY(take_capability(env, at, found));
            at = env.read_configuration_space(at + 1, 1) & 0xfc;
        }
        constexpr u32 needed = 1 << capability::common | 1 << capability::notify |
                               1 << capability::interrupt;
        if ((found & needed) != needed)
            return Failure(Errno::nodev); // a legacy device
        TRY(env.control(ControlKind::bus_master, 1));
        return {};
    }

    // The first capability of each type is the one to use (4.1.4.1).
    Result<> take_capability(Env& env, u32 at, u32& found) {
        const u32 type = env.read_configuration_space(at + capability::type, 1);
        if (type < capability::common || type > capability::device || (found & (1u << type)))
            return {};
        const u32 bar = env.read_configuration_space(at + capability::bar, 1);
        const u32 offset = env.read_configuration_space(at + capability::offset, 4);
        const u32 length = env.read_configuration_space(at + capability::length, 4);
        const auto window = window_of(env, bar, offset, length);
        if (!window || offset % 4 != 0)
            return {}; // 4.1.4.1: a capability that names a reserved register is skipped
        found |= 1u << type;
        switch (type) {
        case capability::common:
            if (length < 0x38)
                return Failure(Errno::proto);
            common_ = *window;
            break;
        case capability::notify:
            notify_ = *window;
            notify_length_ = length;
            multiplier_ = env.read_configuration_space(at + capability::notify_multiplier, 4);
            if (multiplier_ % 2 != 0)
                return Failure(Errno::proto);
            break;
        case capability::interrupt: interrupt_ = *window; break;
        default:
            device_ = *window;
            device_length_ = length;
        }
        return {};
    }

    Result<> open_mmio(Env& env) {
        const WindowInfo info = TRY(env.window(0));
        common_ = {0, 0};
        if (info.length < 0x100 || mmio::Magic::read(env, common_) != mmio::magic ||
            mmio::DeviceId::read(env, common_) == 0)
            return Failure(Errno::nodev);
        const u32 version = mmio::Version::read(env, common_);
        if (version != 1 && version != 2)
            return Failure(Errno::nodev);
        legacy_ = version == 1;
        device_ = {0, mmio::device_configuration};
        device_length_ = static_cast<u32>(info.length - mmio::device_configuration);
        if (legacy_)
            mmio::GuestPageSize::write(env, common_, 4096);
        return {};
    }

    u32 read_status(Env& env) {
        return pci_ ? common::Status::read(env, common_) : mmio::Status::read(env, common_);
    }
    void write_status(Env& env, u32 value) {
        if (pci_)
            common::Status::write(env, common_, static_cast<u8>(value));
        else
            mmio::Status::write(env, common_, value);
    }

    u64 read_features(Env& env) {
        u64 features = 0;
        for (u32 half = 0; half < (legacy_ ? 1u : 2u); ++half) {
            u32 word;
            if (pci_) {
                common::DeviceFeatureSelect::write(env, common_, half);
                word = common::DeviceFeature::read(env, common_);
            } else {
                mmio::DeviceFeaturesSelect::write(env, common_, half);
                word = mmio::DeviceFeatures::read(env, common_);
            }
            features |= u64{word} << (32 * half);
        }
        return features;
    }
    void write_features(Env& env) {
        for (u32 half = 0; half < (legacy_ ? 1u : 2u); ++half) {
            const u32 word = static_cast<u32>(features_ >> (32 * half));
            if (pci_) {
                common::DriverFeatureSelect::write(env, common_, half);
                common::DriverFeature::write(env, common_, word);
            } else {
                mmio::DriverFeaturesSelect::write(env, common_, half);
                mmio::DriverFeatures::write(env, common_, word);
            }
        }
    }

    Result<> enable_queue_pci(Env& env, const QueuePlace& place) {
        common::QueueSelect::write(env, common_, place.index);
        common::QueueSize::write(env, common_, place.size);
        const u16 vector = messages_ == 0   ? common::no_vector
                           : messages_ == 1 ? u16{0}
                                            : u16{1};
        common::QueueVector::write(env, common_, vector);
        if (common::QueueVector::read(env, common_) != vector)
            return Failure(Errno::nospc);
        common::QueueDescriptorsLow::write(env, common_, static_cast<u32>(place.descriptors));
        common::QueueDescriptorsHigh::write(env, common_, static_cast<u32>(place.descriptors >> 32));
        common::QueueAvailableLow::write(env, common_, static_cast<u32>(place.available));
        common::QueueAvailableHigh::write(env, common_, static_cast<u32>(place.available >> 32));
        common::QueueUsedLow::write(env, common_, static_cast<u32>(place.used));
        common::QueueUsedHigh::write(env, common_, static_cast<u32>(place.used >> 32));
        notify_offset_ = common::QueueNotifyOffset::read(env, common_);
        if (u64{notify_offset_} * multiplier_ + 2 > notify_length_)
            return Failure(Errno::proto);
        common::QueueEnable::write(env, common_, 1);
        return {};
    }

    Result<> enable_queue_mmio(Env& env, const QueuePlace& place) {
        mmio::QueueSelect::write(env, common_, place.index);
        mmio::QueueSize::write(env, common_, place.size);
        if (legacy_) {
            mmio::QueueAlign::write(env, common_, 4096);
            mmio::QueuePage::write(env, common_, static_cast<u32>(place.descriptors >> 12));
            return {};
        }
        mmio::QueueDescriptorsLow::write(env, common_, static_cast<u32>(place.descriptors));
        mmio::QueueDescriptorsHigh::write(env, common_, static_cast<u32>(place.descriptors >> 32));
        mmio::QueueAvailableLow::write(env, common_, static_cast<u32>(place.available));
        mmio::QueueAvailableHigh::write(env, common_, static_cast<u32>(place.available >> 32));
        mmio::QueueUsedLow::write(env, common_, static_cast<u32>(place.used));
        mmio::QueueUsedHigh::write(env, common_, static_cast<u32>(place.used >> 32));
        mmio::QueueReady::write(env, common_, 1);
        return {};
    }

    u32 pci_ = 0;
    u32 legacy_ = 0;
    Window common_;
    Window notify_;
    Window interrupt_;
    Window device_;
    u32 notify_length_ = 0;
    u32 device_length_ = 0;
    u32 multiplier_ = 0;
    u32 messages_ = 0;
    u64 features_ = 0;
    u16 notify_offset_ = 0;
};

} // namespace component::virtio
