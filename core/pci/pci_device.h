// SPDX-License-Identifier: BSD-2-Clause
// One function on a PCI bus: its windows, capabilities and interrupts (MSI-X, MSI, or a line). What
// the firmware left without addresses, as hot-plugged devices are, gets them from its bus.
#pragma once

#include "core/device/interrupt_lines.h"
#include "core/pci/address_range.h"
#include "core/pci/pci_configuration.h"

namespace core {

class PciBus;

class PciDevice final : public Device {
public:
    // Reads what the function at `address` says of itself. Errors: nodev (nothing there), nomem.
    static Result<Ref<PciDevice>> create(PciAddress address, PciBus& bus);
    ~PciDevice() override;

    PciAddress address() const { return address_; }
    bool is_bridge() const { return is_bridge_; }
    // The bus behind a bridge, once it was scanned.
    PciBus* bus_behind() const { return behind_; }
    // Owned from now on.
    void set_bus_behind(PciBus* bus) { behind_ = bus; }
    // Gives addresses to the registers that have none; those that get none are no windows. Once,
    // before the device is in the tree; the bus knows its other devices.
    void assign_windows();
    // Lets memory and port accesses through, and messages of what lies behind: for bridges.
    void enable_forwarding();

    // Offset of a capability, 0 if it is not there.
    u32 find_capability(u8 id) const;
    // False when nothing answers any more: it was pulled out.
    bool answers() const { return config(0, 2) == identity().vendor; }
    u32 config(u32 offset, u32 width) const {
        return PciConfiguration::read(address_, offset, width);
    }
    void set_config(u32 offset, u32 width, u32 value) {
        PciConfiguration::write(address_, offset, width, value);
    }

    // Errors: also nodev (its accesses cannot be told from others'), and those of dma_domain_of().
    Result<> open() override;
    DmaDomain* dma_domain() override { return domain_; }
    u32 read_configuration(u32 offset, u32 width) override;
    void write_configuration(u32 offset, u32 width, u32 value) override;
    u32 configuration_bytes() const override;
    void set_bus_master(bool on) override;
    Result<u32> prepare_messages(u32 wanted) override;
    u32 interrupt_count() const override { return message_count_ ? message_count_ : 1; }
    Result<> connect_interrupt(u32 line, InterruptHandler handler, void* argument) override;
    void disconnect_interrupt(u32 line) override;
    void acknowledge_interrupt(u32 line) override;
    u32 interrupt_line() const override;

    ListLink bus_link; // guarded by the topology's lock

private:
    friend class Ref<PciDevice>;
    PciDevice(std::string_view name, const DeviceIdentity& identity, PciAddress address,
              PciBus& bus);

    void size_windows();
    Result<> write_message(u32 line, const arch::InterruptMessage& message);
    u32 window_of_bar(u32 bar) const;
    bool signs_its_accesses() const;
    Result<arch::IsaRoute> line_route() const;

    const PciAddress address_;
    PciBus& bus_; // the parent's, which this keeps alive
    bool is_bridge_ = false;
    PciBus* behind_ = nullptr; // owned
    DmaDomain* domain_ = nullptr; // set by open()
    u32 message_count_ = 0; // prepared vectors; 0: the line
    u32 msix_ = 0;          // offset of the capability in use
    u32 msi_ = 0;
    u32 table_window_ = 0;
    u32 table_offset_ = 0;
    InterruptLines lines_;
};

} // namespace core
