// SPDX-License-Identifier: BSD-2-Clause
#include "host/test/fake_ahci.h"

#include <cstring>

namespace host_test {

using ahci::AtaCommand;

namespace {

bool is_queued(AtaCommand command) {
    return command == AtaCommand::read_queued || command == AtaCommand::write_queued;
}

} // namespace

FakeAhci::FakeAhci(DeviceMemory& memory, u32 count)
    // 32 slots, 64-bit addresses, queueing.
    : ports(count), capabilities(u32{1} << 31 | 1 << 30 | 31 << 8 | (count - 1)), memory_(memory) {}

void FakeAhci::plug(u32 port, Disk disk) {
    ports[port].disk = std::move(disk);
    ports[port].failed = ports[port].issued != 0; // the new disk knows nothing of them
    ports[port].interrupts |= ahci::cause::connected;
    update();
}

void FakeAhci::pull(u32 port) {
    ports[port].disk.reset();
    ports[port].interrupts |= ahci::cause::link;
    update();
}

bool FakeAhci::is_quiet() const {
    for (const Port& port : ports) {
        if (port.command & (ahci::port_command::start | ahci::port_command::receive))
            return false;
    }
    return true;
}

void FakeAhci::update() {
    interrupts_ = 0;
    for (usize i = 0; i < ports.size(); ++i) {
        if (ports[i].interrupts & ports[i].enabled)
            interrupts_ |= u32{1} << i;
    }
}

// --- registers

u64 FakeAhci::read(u32, u64 offset, u32) {
    if (dead_)
        return 0xffff'ffff;
    if (offset >= ahci::ports_at)
        return read_port(ports[(offset - ahci::ports_at) / ahci::port_bytes],
                         offset % ahci::port_bytes);
    switch (offset) {
    case 0x00: return capabilities;
    case 0x04: return global_;
    case 0x08: return interrupts_;
    case 0x0c: return (u64{1} << ports.size()) - 1;
    case 0x24: return 1;
    case 0x28: return handoff;
    default: return 0;
    }
}

u64 FakeAhci::read_port(const Port& port, u32 offset) const {
    const bool there = port.disk.has_value();
    switch (offset) {
    case 0x10: return port.interrupts;
    case 0x14: return port.enabled;
    case 0x18:
        return port.command | (port.command & 1 || never_stops ? ahci::port_command::runs : 0);
    case 0x20:
        if (!there || port.disk->mute)
            return ahci::task::busy;
        return port.failed ? 0x41 | u32{port.disk->fail_error} << 8 : 0x40;
    case 0x24: return there ? port.disk->signature : ~u32{0};
    case 0x28: return there && (port.link_control & 15) == 0 ? 0x113 : 0;
    case 0x2c: return port.link_control;
    case 0x30: return port.errors;
    case 0x34: return port.active;
    case 0x38: return port.issued;
    default: return 0;
    }
}

void FakeAhci::write(u32, u64 offset, u32, u64 value) {
    if (dead_)
        return;
    const u32 word = static_cast<u32>(value);
    if (offset >= ahci::ports_at) {
        write_port(ports[(offset - ahci::ports_at) / ahci::port_bytes], offset % ahci::port_bytes,
                   word);
    } else if (offset == 0x04) {
        global_ = word;
        if (word & 1) {
            for (Port& port : ports)
                port = {.disk = std::move(port.disk)};
            global_ = stays_in_reset ? 1 : 0;
        }
    } else if (offset == 0x28) {
        handoff = word & 2 ? 2 : word;
    }
    update();
}

void FakeAhci::write_port(Port& port, u32 offset, u32 value) {
    switch (offset) {
    case 0x00: port.list = (port.list & ~u64{0xffff'ffff}) | value; return;
    case 0x04: port.list = (port.list & 0xffff'ffff) | u64{value} << 32; return;
    case 0x08: port.received = (port.received & ~u64{0xffff'ffff}) | value; return;
    case 0x0c: port.received = (port.received & 0xffff'ffff) | u64{value} << 32; return;
    case 0x10: port.interrupts &= ~value; return;
    case 0x14: port.enabled = value; return;
    case 0x18:
        port.command = value & ~ahci::port_command::runs;
        if (!(value & 1)) {
            port.issued = port.active = 0;
            port.failed = false;
        }
        return;
    case 0x2c:
        comresets += (value & 15) == 1;
        port.link_control = value;
        return;
    case 0x34: port.active |= value; return;
    case 0x38: port.issued |= port.command & 1 ? value : 0; return;
    default: return;
    }
}

// --- commands

void FakeAhci::process() {
    for (u32 number = 0; number < ports.size() && !dead_; ++number) {
        for (u32 slot = 0; slot < ahci::most_slots; ++slot) {
            Port& port = ports[number];
            if ((port.issued >> slot & 1) && port.disk && !port.disk->mute && !port.failed)
                run(number, slot);
        }
    }
    update();
}

void FakeAhci::fail(Port& port) {
    port.failed = true;
    port.interrupts |= ahci::cause::task_file;
}

void FakeAhci::finish(Port& port, u32 slot, bool queued) {
    port.issued &= ~(u32{1} << slot);
    if (queued)
        port.active &= ~(u32{1} << slot);
    port.interrupts |= queued ? ahci::cause::queued_answer : ahci::cause::register_answer;
}

std::vector<u8> FakeAhci::identify(const Disk& disk) const {
    std::vector<u8> answer(512);
    const auto put = [&](u32 word, u64 value, u32 words = 1) {
        std::memcpy(answer.data() + 2 * word, &value, 2 * words);
    };
    const u64 sectors = disk.contents.size() >> disk.shift;
    for (u32 i = 0; i < 20; ++i)
        answer[20 + (i ^ 1)] = i < disk.serial.size() ? static_cast<u8>(disk.serial[i]) : ' ';
    put(49, 0x300);
    put(60, sectors & 0xfff'ffff, 2);
    put(75, disk.depth - 1);
    put(76, disk.queues ? 0x102 : 2);
    put(83, 0x4000 | (disk.wide ? 0x2400 : 0));
    put(84, 0x4000 | (disk.writes_through ? 0x40 : 0));
    put(85, 0x20);
    put(100, disk.wide ? sectors : 0, 4);
    put(106, disk.shift == 9 ? 0x6003 : 0x5000);
    put(117, (u64{1} << disk.shift) / 2, 2);
    put(169, disk.trims);
    return answer;
}

// The only words the driver reads of what a disk writes, besides the data.
void FakeAhci::answer_identify(const Disk& disk, u64 to) {
    const std::vector<u8> answer = identify(disk);
    const auto place = memory_.view(to, answer.size());
    for (u32 at = 0; at < answer.size() && !place.empty(); at += 2) {
        u16 word;
        std::memcpy(&word, answer.data() + at, 2);
        const u64 index = words_written++;
        if (memory_lie)
            word = static_cast<u16>(memory_lie(index, word, 2));
        std::memcpy(place.data() + at, &word, 2);
    }
}

std::vector<std::span<u8>> FakeAhci::pieces(std::span<const u8> table, u32 count) {
    std::vector<std::span<u8>> found;
    for (u32 i = 0; i < count; ++i) {
        u64 address;
        u32 size;
        std::memcpy(&address, table.data() + 128 + 16 * i, 8);
        std::memcpy(&size, table.data() + 128 + 16 * i + 12, 4);
        found.push_back(memory_.view(address, (size & 0x3f'ffff) + 1));
    }
    return found;
}

void FakeAhci::discard(Disk& disk, std::span<const u8> ranges) {
    for (u32 at = 0; at + 8 <= ranges.size(); at += 8) {
        u64 range;
        std::memcpy(&range, ranges.data() + at, 8);
        const u64 from = range & 0xffff'ffff'ffff, many = range >> 48;
        if ((from + many) << 9 <= disk.contents.size())
            std::memset(disk.contents.data() + (from << 9), 0xdd, many << 9);
    }
}

bool FakeAhci::move(Disk& disk, const Seen& is, bool writes,
                    std::span<const std::span<u8>> memory) {
    u64 length = 0;
    for (const auto piece : memory)
        length += piece.size();
    const u64 end = (is.sector + is.count) << disk.shift;
    if (end > disk.contents.size() || length != u64{is.count} << disk.shift ||
        (disk.bad_sector >= is.sector && disk.bad_sector < is.sector + is.count))
        return false;
    u8* at = disk.contents.data() + (is.sector << disk.shift);
    for (const auto piece : memory) {
        std::memcpy(writes ? at : piece.data(), writes ? piece.data() : at, piece.size());
        at += piece.size();
    }
    return true;
}

FakeAhci::Seen FakeAhci::read_command(u32 number, std::span<const u8> table) {
    ahci::RegisterStructure is;
    std::memcpy(&is, table.data(), sizeof is);
    Seen found{number, is.command, 0, is.count | u32{is.count_high} << 8, is.device, is.features};
    for (u32 i = 0; i < 3; ++i)
        found.sector |= u64{is.address[i]} << (8 * i) | u64{is.address_high[i]} << (24 + 8 * i);
    if (is_queued(is.command))
        found.count = is.features | u32{is.features_high} << 8;
    if (is.command == AtaCommand::read || is.command == AtaCommand::write) {
        found.sector |= u64{is.device & 15u} << 24;
        found.count = found.count ? found.count : 256;
    }
    return found;
}

void FakeAhci::run(u32 number, u32 slot) {
    Port& port = ports[number];
    Disk& disk = *port.disk;
    const auto entry = memory_.view(port.list + slot * 32, 32);
    if (entry.empty())
        return fail(port);
    u32 first;
    u64 address;
    std::memcpy(&first, entry.data(), 4);
    std::memcpy(&address, entry.data() + 8, 8);
    const auto table = memory_.view(address, 128 + 16 * u64{first >> 16});
    if (table.empty())
        return fail(port);
    const Seen is = read_command(number, table);
    const auto memory = pieces(table, first >> 16);
    if (is.command == AtaCommand::identify) {
        std::memcpy(&address, table.data() + 128, 8);
        answer_identify(disk, address);
        return finish(port, slot, false);
    }
    if (holds)
        return;
    seen.push_back(is);
    const bool queued = is_queued(is.command);
    if (!queued && port.active != 0) // queued commands and others at once: the disk refuses
        return fail(port);
    if (disk.fail_count != 0) {
        --disk.fail_count;
        return fail(port);
    }
    if (is.command == AtaCommand::flush || is.command == AtaCommand::flush_extended)
        ++flushes;
    else if (is.command == AtaCommand::data_set_management)
        discard(disk, memory.at(0));
    else if (!move(disk, is, (first & ahci::header::write) != 0, memory))
        return fail(port);
    finish(port, slot, queued);
}

} // namespace host_test
