// SPDX-License-Identifier: BSD-2-Clause
// PCI and PCI Express devices: enumeration behind bridges, base address registers, MSI-X, MSI and
// lines (PCI Local Bus 3.0, chapter 6; PCI Express Base 5.0, 7.5).
#pragma once

#include "core/device/interrupt_lines.h"
#include "core/device/pci_configuration.h"

namespace core {

class PciDevice final : public Device {
public:
    // Reads what the function at `address` says of itself. Errors: nodev (nothing there), nomem.
    static Result<Ref<PciDevice>> create(PciAddress address);

    PciAddress address() const { return address_; }
    // Number of the bus behind it, 0 if it is no bridge.
    u8 secondary_bus() const { return secondary_bus_; }

    Result<> open() override;
    u32 read_configuration(u32 offset, u32 width) override;
    void set_bus_master(bool on) override;
    Result<u32> prepare_messages(u32 wanted) override;
    u32 interrupt_count() const override { return message_count_ ? message_count_ : 1; }
    Result<> connect_interrupt(u32 line, InterruptHandler handler, void* argument) override;
    void disconnect_interrupt(u32 line) override;
    void acknowledge_interrupt(u32 line) override;

private:
    friend class Ref<PciDevice>;
    PciDevice(std::string_view name, const DeviceIdentity& identity, PciAddress address)
        : Device(name, identity), address_(address) {}

    void size_windows();
    u32 find_capability(u8 id) const;
    Result<> write_message(u32 line, const arch::InterruptMessage& message);
    u32 window_of_bar(u32 bar) const;
    u32 config(u32 offset, u32 width) const {
        return PciConfiguration::read(address_, offset, width);
    }
    void set_config(u32 offset, u32 width, u32 value) {
        PciConfiguration::write(address_, offset, width, value);
    }

    const PciAddress address_;
    u8 secondary_bus_ = 0;
    u32 message_count_ = 0; // prepared vectors; 0: the line
    u32 msix_ = 0;          // offset of the capability in use
    u32 msi_ = 0;
    u32 table_window_ = 0;
    u32 table_offset_ = 0;
    InterruptLines lines_;
};

// Finds every PCI device and adds it to the tree. Process context. Errors: nodev (no PCI), nomem.
Result<> enumerate_pci();

} // namespace core
