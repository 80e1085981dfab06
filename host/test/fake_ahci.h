// SPDX-License-Identifier: BSD-2-Clause
// A pretended AHCI controller (Serial ATA AHCI 1.3.1) with disks in memory. Commands are run when
// process() is called; memory a command names that the driver does not own counts in
// DeviceMemory::stray().
#pragma once

#include <deque>
#include <optional>

#include "components/block/ahci/commands.h"
#include "components/block/ahci/registers.h"
#include "host/test/home.h"

namespace host_test {

class FakeAhci : public FakeDevice {
public:
    struct Disk {
        std::vector<u8> contents;
        u32 shift = 9;
        bool wide = true;
        bool queues = true;
        bool writes_through = false;
        bool trims = true;
        u32 depth = 32;
        u32 signature = ahci::signature::disk;
        std::string serial = "PITH-AHCI-1";
        bool mute = false;        // is busy for ever
        u32 fail_count = 0;       // so many commands fail,
        u8 fail_error = 0x40;     // with this in the error register
        u64 bad_sector = ~u64{0}; // transfers that touch it fail
    };
    // A command as the port was given it.
    struct Seen {
        u32 port;
        ahci::AtaCommand command;
        u64 sector;
        u32 count;
        u8 device;
        u8 features;
    };

    FakeAhci(DeviceMemory& memory, u32 ports);

    // Runs what was issued, in order of slots.
    void process();
    bool wants_interrupt() const { return (global_ & 2) && interrupts_ != 0; }
    void plug(u32 port, Disk disk);
    void pull(u32 port);
    void die() { dead_ = true; }
    bool is_quiet() const; // nothing may be written to memory any more

    struct Port {
        std::optional<Disk> disk;
        u32 interrupts = 0, enabled = 0, command = 0, link_control = 0, errors = 0, active = 0,
            issued = 0;
        u64 list = 0, received = 0;
        bool failed = false; // until it is stopped
    };
    std::vector<Port> ports;
    std::deque<Seen> seen;
    bool holds = false; // commands are kept
    u32 capabilities;
    u32 handoff = 1; // firmware owns it
    bool stays_in_reset = false;
    bool never_stops = false;
    u32 comresets = 0;
    u32 flushes = 0;
    RegisterLie memory_lie;
    u64 words_written = 0;

    u64 read(u32 window, u64 offset, u32 width) override;
    void write(u32 window, u64 offset, u32 width, u64 value) override;
    std::vector<component::WindowInfo> windows() const override {
        return {{32, 2, 4}, {0x100 + 0x80 * ports.size(), 1, 5}};
    }
    u64 fact(component::DeviceFact fact) const override {
        return fact == component::DeviceFact::window_count ? 2 : 0;
    }

private:
    u64 read_port(const Port& port, u32 offset) const;
    void write_port(Port& port, u32 offset, u32 value);
    void run(u32 number, u32 slot);
    void finish(Port& port, u32 slot, bool queued);
    void fail(Port& port);
    std::vector<u8> identify(const Disk& disk) const;
    void answer_identify(const Disk& disk, u64 to);
    std::vector<std::span<u8>> pieces(std::span<const u8> table, u32 count);
    static void discard(Disk& disk, std::span<const u8> ranges);
    static bool move(Disk& disk, const Seen& is, bool writes,
                     std::span<const std::span<u8>> memory);
    static Seen read_command(u32 number, std::span<const u8> table);
    void update();

    DeviceMemory& memory_;
    u32 global_ = 0;
    u32 interrupts_ = 0;
    bool dead_ = false;
};

} // namespace host_test
