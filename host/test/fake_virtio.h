// SPDX-License-Identifier: BSD-2-Clause
// A pretended virtio device, as virtio 1.2 describes one, over PCI, MMIO version 2 or legacy MMIO.
// Heirs say what a chain of descriptors does. It checks the driver as it goes: a descriptor that
// names memory the driver does not own counts in DeviceMemory::stray().
#pragma once

#include <array>
#include <optional>
#include <utility>

#include "host/test/home.h"

namespace host_test {

enum class VirtioTransport { pci, pci_line, mmio, mmio_legacy };

class FakeVirtio : public FakeDevice {
public:
    FakeVirtio(DeviceMemory& memory, VirtioTransport transport, u32 device_id, u64 features,
               u32 queues);

    // A request as the device sees it.
    struct Chain {
        u16 head;
        std::vector<std::span<u8>> readable, writable;
        std::vector<u8> read_all() const;
        u32 write(std::span<const u8> bytes) const; // answers what fitted
    };
    // Handles what the driver made available in `queue`; completes at once if `perform` says so.
    // Answers how many chains were handled. Heirs get perform(); false keeps the chain (see
    // complete).
    u32 process(u32 queue);
    std::optional<Chain> take(u32 queue);
    void complete(u32 queue, u16 head, u32 length);
    virtual bool perform(u32 queue, Chain& chain, u32& written) = 0;

    bool was_notified(u32 queue) { return std::exchange(queues_[queue].notified, false); }
    // Whether the device would interrupt, by the driver's wishes (2.7.7, 2.7.10).
    bool wants_interrupt(u32 queue);
    void raise_configuration_change() {
        interrupt_status_ |= 2;
        ++generation_;
    }
    u32 queue_line() const { return messages_ >= 2 ? 1 : 0; }
    u8 status() const { return status_; }
    bool running() const { return (status_ & 4) != 0; }
    u64 negotiated() const { return driver_features_; }
    std::vector<u8> configuration;

    // Damage for tests of distrust.
    std::span<u8> ring(u32 queue); // the used ring's memory
    void set_needs_reset() { status_ |= 64, raise_configuration_change(); }

    u64 read(u32 window, u64 offset, u32 width) override;
    void write(u32 window, u64 offset, u32 width, u64 value) override;
    u32 read_configuration(u32 offset, u32 width) override;
    std::vector<component::WindowInfo> windows() const override;
    u64 fact(component::DeviceFact fact) const override;
    u32 message_interrupts(u32 wanted) override;

protected:
    struct VirtQueue {
        u32 size = 0;
        u64 descriptors = 0, available = 0, used = 0;
        bool enabled = false;
        bool notified = false;
        u16 last_available = 0, used_index = 0, signalled = 0;
    };
    DeviceMemory& memory_;
    std::vector<VirtQueue> queues_;

private:
    static constexpr u32 maximum_size = 128;
    bool is_pci() const {
        return transport_ == VirtioTransport::pci || transport_ == VirtioTransport::pci_line;
    }
    bool legacy() const { return transport_ == VirtioTransport::mmio_legacy; }
    void reset();
    u64 read_common(u64 offset);
    void write_common(u64 offset, u64 value);
    u64 read_mmio(u64 offset, u32 width);
    void write_mmio(u64 offset, u64 value);
    u64 read_bytes(u64 offset, u32 width);
    void build_configuration_space();
    u16 load16(u64 address);
    void store16(u64 address, u16 value);

    const VirtioTransport transport_;
    const u32 device_id_;
    const u64 features_;
    u64 driver_features_ = 0;
    u32 feature_select_ = 0, driver_feature_select_ = 0, queue_select_ = 0;
    u32 messages_ = 0;
    u16 config_vector_ = 0xffff;
    u16 queue_vector_ = 0xffff;
    u8 status_ = 0, interrupt_status_ = 0, generation_ = 0;
    std::array<u8, 256> space_{};
};

} // namespace host_test
