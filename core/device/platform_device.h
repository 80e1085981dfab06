// SPDX-License-Identifier: BSD-2-Clause
// Devices that sit at fixed places: COM ports, virtio over MMIO from the command line, RAM disks.
#pragma once

#include "core/device/interrupt_lines.h"

namespace core {

class PlatformDevice : public Device {
public:
    struct Description {
        std::string_view name;
        std::string_view kind; // static storage; what drivers match
        component::DeviceBus bus = component::DeviceBus::platform;
        DeviceWindow window;
        u32 isa_interrupt = no_interrupt; // an ISA number, or a line of the machine from 16 on
        arch::LineTrigger trigger = arch::LineTrigger::edge;
    };
    static constexpr u32 no_interrupt = ~u32{0};

    // Errors: nomem.
    static Result<Ref<PlatformDevice>> create(const Description& description);

    Result<> open() override;
    u32 interrupt_count() const override { return interrupt_ == no_interrupt ? 0 : 1; }
    Result<> connect_interrupt(u32 line, InterruptHandler handler, void* argument) override;
    void disconnect_interrupt(u32 line) override { lines_.disconnect(line); }
    void acknowledge_interrupt(u32 line) override { lines_.acknowledge(line); }

protected:
    friend class Ref<PlatformDevice>;
    explicit PlatformDevice(const Description& description);

private:
    const u32 interrupt_;
    const arch::LineTrigger trigger_;
    InterruptLines lines_;
};

// Adds the fixed devices of a PC (COM1 to COM4 where something answers), `virtio_mmio.device=` of
// the command line or else the virtio transports that the firmware tells of, and RAM disks
// (`ramdisk_size=KIB`, `ramdisks=N`). Process context. Errors: nomem.
Result<> add_platform_devices();
// virtio_mmio.device=<size>@<base>:<irq>[:<id>], as Linux takes it. Errors: inval.
struct VirtioMmioPlace {
    u64 base = 0;
    u64 size = 0;
    u32 interrupt = 0;
};
Result<VirtioMmioPlace> parse_virtio_mmio(std::string_view text);

} // namespace core
