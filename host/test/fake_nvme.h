// SPDX-License-Identifier: BSD-2-Clause
// A pretended NVMe controller (NVM Express Base 2.0) with one pair of I/O queues and namespaces in
// memory. Commands are run when process() is called; memory a command names that the driver does
// not own counts in DeviceMemory::stray().
#pragma once

#include <deque>

#include "components/block/nvme/commands.h"
#include "host/test/home.h"

namespace host_test {

class FakeNvme : public FakeDevice {
public:
    struct Namespace {
        u32 id = 1;
        u8 shift = 9;
        std::vector<u8> contents;
        bool read_only = false;
        u16 metadata = 0;
    };

    FakeNvme(DeviceMemory& memory, u32 messages);

    // Runs what was submitted; `completes` false keeps the I/O commands (see complete_held).
    void process();
    // Whether something was completed since the last call.
    bool wants_interrupt() { return std::exchange(raised_, false); }
    u32 io_line() const { return messages_ == 2 ? 1 : 0; }
    void complete_held(); // in reverse order
    // A completion out of nowhere, in the I/O queue.
    void complete(u16 id, u16 status, u16 queue = 1, u16 head = 0);
    void tell_of_change();
    void die() { dead_ = true; }
    bool enabled() const { return (configuration_ & 1) != 0; }
    bool was_shut_down() const { return (configuration_ >> 14 & 3) == 1; }
    std::span<u8> completions(); // the I/O completion queue's memory

    std::vector<Namespace> namespaces;
    std::deque<nvme::Command> seen; // I/O commands, the latest last
    bool holds = false;             // I/O commands are kept
    bool lists = true;              // active namespaces can be listed
    u8 transfer_limit = 7;
    u32 version = 0x1'0400;
    u64 capabilities;
    u16 fail_status = 0; // of I/O commands, as it stands in a completion, without phase
    u32 fail_count = 0;  // how many of them
    int flushes = 0;
    bool stays_disabled = false;
    bool mute = false; // admin commands are not answered
    // Changes each word the controller writes to memory: (number of the word, true value).
    RegisterLie memory_lie;
    u64 words_written = 0;

    u64 read(u32 window, u64 offset, u32 width) override;
    void write(u32 window, u64 offset, u32 width, u64 value) override;
    std::vector<component::WindowInfo> windows() const override { return {{0x4000, 1, 0}}; }
    u64 fact(component::DeviceFact fact) const override;
    u32 message_interrupts(u32 wanted) override {
        messages_ = wanted < most_messages_ ? wanted : most_messages_;
        return messages_;
    }

private:
    struct Queue {
        u64 submissions = 0, completions = 0;
        u32 size = 0;
        u32 head = 0, tail = 0, completion = 0, released = 0;
        u16 phase = 1;
    };
    void write_words(u64 address, std::span<const u8> bytes);
    void post(Queue& queue, u16 number, u16 id, u32 result, u16 status, u16 head);
    bool fetch(Queue& queue, nvme::Command& command);
    void run_admin(const nvme::Command& command);
    void run_io(const nvme::Command& command);
    u16 perform(const nvme::Command& command);
    std::vector<std::span<u8>> pages(const nvme::Command& command, u64 bytes);
    u16 identify(const nvme::Command& command);
    Namespace* find(u32 id);

    DeviceMemory& memory_;
    const u32 most_messages_;
    u32 messages_ = 0;
    u32 configuration_ = 0;
    u32 queue_attributes_ = 0;
    Queue admin_, io_;
    std::deque<nvme::Command> held_;
    std::deque<u16> event_requests_;
    bool raised_ = false;
    bool dead_ = false;
};

} // namespace host_test
