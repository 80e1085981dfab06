// SPDX-License-Identifier: BSD-2-Clause
#include "host/test/fake_nvme.h"

#include <cstring>

namespace host_test {

using nvme::Command;
using nvme::Completion;

FakeNvme::FakeNvme(DeviceMemory& memory, u32 messages)
    // 256 entries, half a second, NVM commands, 4 KiB pages.
    : capabilities(u64{1} << 37 | 1 << 24 | 255), memory_(memory), most_messages_(messages) {}

u64 FakeNvme::fact(component::DeviceFact fact) const {
    return fact == component::DeviceFact::bus ? static_cast<u64>(component::DeviceBus::pci) : 0;
}

// --- registers

u64 FakeNvme::read(u32, u64 offset, u32 width) {
    if (dead_)
        return ~u64{0};
    switch (offset) {
    case 0x00: return width == 8 ? capabilities : static_cast<u32>(capabilities);
    case 0x04: return capabilities >> 32;
    case 0x08: return version;
    case 0x14: return configuration_;
    case 0x1c: return (enabled() && !stays_disabled ? 1 : 0) | (was_shut_down() ? 8 : 0);
    case 0x24: return queue_attributes_;
    default: return 0;
    }
}

namespace {

void set_half(u64& word, bool high, u64 value) {
    word = high ? (word & 0xffff'ffff) | value << 32 : (word & ~u64{0xffff'ffff}) | value;
}

} // namespace

void FakeNvme::write(u32, u64 offset, u32, u64 value) {
    if (dead_)
        return;
    switch (offset) {
    case 0x14:
        if (!(value & 1)) {
            admin_.head = admin_.tail = admin_.completion = 0;
            io_ = {};
            held_.clear();
            event_requests_.clear();
        } else if (!enabled()) {
            admin_.size = (queue_attributes_ & 0xfff) + 1;
            admin_.phase = 1;
        }
        configuration_ = static_cast<u32>(value);
        return;
    case 0x24: queue_attributes_ = static_cast<u32>(value); return;
    case 0x28: set_half(admin_.submissions, false, value); return;
    case 0x2c: set_half(admin_.submissions, true, value); return;
    case 0x30: set_half(admin_.completions, false, value); return;
    case 0x34: set_half(admin_.completions, true, value); return;
    case 0x1000: admin_.tail = static_cast<u32>(value); return;
    case 0x1004: admin_.released = static_cast<u32>(value); return;
    case 0x1008: io_.tail = static_cast<u32>(value); return;
    case 0x100c: io_.released = static_cast<u32>(value); return;
    default: return;
    }
}

// --- queues

void FakeNvme::write_words(u64 address, std::span<const u8> bytes) {
    const auto to = memory_.view(address, bytes.size());
    for (usize at = 0; at + 4 <= bytes.size() && !to.empty(); at += 4) {
        u32 word;
        std::memcpy(&word, bytes.data() + at, 4);
        const u64 number = words_written++;
        if (memory_lie)
            word = static_cast<u32>(memory_lie(number, word, 4));
        std::memcpy(to.data() + at, &word, 4);
    }
}

void FakeNvme::post(Queue& queue, u16 number, u16 id, u32 result, u16 status, u16 head) {
    if (queue.size == 0)
        return;
    const Completion completion{result, 0,  head,
                                number, id, static_cast<u16>(status | queue.phase)};
    u8 bytes[sizeof completion];
    std::memcpy(bytes, &completion, sizeof bytes);
    write_words(queue.completions + queue.completion * sizeof completion, bytes);
    if (++queue.completion == queue.size) {
        queue.completion = 0;
        queue.phase ^= 1;
    }
    raised_ = true;
}

bool FakeNvme::fetch(Queue& queue, Command& command) {
    if (!enabled() || queue.size == 0 || queue.head == queue.tail || queue.tail >= queue.size)
        return false;
    const auto bytes =
        memory_.view(queue.submissions + queue.head * sizeof command, sizeof command);
    if (bytes.empty())
        return false;
    std::memcpy(&command, bytes.data(), sizeof command);
    queue.head = (queue.head + 1) % queue.size;
    return true;
}

void FakeNvme::process() {
    Command command;
    while (!mute && fetch(admin_, command))
        run_admin(command);
    while (fetch(io_, command)) {
        seen.push_back(command);
        if (seen.size() > 200)
            seen.pop_front();
        if (holds)
            held_.push_back(command);
        else
            run_io(command);
    }
}

void FakeNvme::complete(u16 id, u16 status, u16 queue, u16 head) {
    post(io_, queue, id, 0, status, head);
}

void FakeNvme::complete_held() {
    for (; !held_.empty(); held_.pop_back())
        run_io(held_.back());
}

void FakeNvme::tell_of_change() {
    if (event_requests_.empty())
        return;
    post(admin_, 0, event_requests_.front(), nvme::event_type_notice, 0,
         static_cast<u16>(admin_.head));
    event_requests_.pop_front();
}

std::span<u8> FakeNvme::completions() {
    return memory_.view(io_.completions, io_.size * sizeof(Completion));
}

// --- admin commands

void FakeNvme::run_admin(const Command& command) {
    u16 status = 0;
    switch (static_cast<nvme::AdminOpcode>(command.opcode)) {
    case nvme::AdminOpcode::identify: status = identify(command); break;
    case nvme::AdminOpcode::create_completion_queue:
        io_.completions = command.prp1;
        io_.phase = 1;
        break;
    case nvme::AdminOpcode::create_submission_queue:
        io_.submissions = command.prp1;
        io_.size = (command.word10 >> 16) + 1;
        break;
    case nvme::AdminOpcode::asynchronous_event: event_requests_.push_back(command.id); return;
    case nvme::AdminOpcode::set_features:
    case nvme::AdminOpcode::get_log_page: break;
    default: status = nvme::code::invalid_opcode << 1;
    }
    post(admin_, 0, command.id, 0, status, static_cast<u16>(admin_.head));
}

u16 FakeNvme::identify(const Command& command) {
    // Only what drivers look at, so that lies are told about something.
    std::vector<u8> answer(1024);
    const auto put = [&](u32 at, u64 value, u32 width) {
        std::memcpy(answer.data() + at, &value, width);
    };
    const u64 to = command.prp1;
    switch (static_cast<nvme::Identified>(command.word10)) {
    case nvme::Identified::controller:
        std::memcpy(answer.data() + 4, "PITH \1 1            ", 20);
        put(77, transfer_limit, 1);
        put(92, 1 << 8, 4);
        put(512, 0x66, 1);
        put(513, 0x44, 1);
        put(516, namespaces.size(), 4);
        put(520, 0xc, 2);
        put(525, 1, 1);
        write_words(to, std::span(answer).first(28));
        write_words(to + 76, std::span(answer).subspan(76, 20));
        write_words(to + 512, std::span(answer).subspan(512, 16));
        return 0;
    case nvme::Identified::active_namespaces: {
        if (!lists)
            return nvme::code::invalid_field << 1;
        u32 at = 0;
        for (const Namespace& each : namespaces)
            put(4 * at++, each.id, 4);
        write_words(to, std::span(answer).first(4 * at + 4));
        return 0;
    }
    case nvme::Identified::name_space:
        if (const Namespace* is = find(command.namespace_id)) {
            put(0, is->contents.size() >> is->shift, 8);
            put(33, 9, 1);
            put(99, is->read_only, 1);
            put(128, u32{is->shift} << 16 | is->metadata, 4);
        }
        write_words(to, std::span(answer).first(36));
        write_words(to + 96, std::span(answer).subspan(96, 36));
        return 0;
    }
    return nvme::code::invalid_field << 1;
}

FakeNvme::Namespace* FakeNvme::find(u32 id) {
    for (Namespace& each : namespaces) {
        if (each.id == id)
            return &each;
    }
    return nullptr;
}

// --- I/O commands

void FakeNvme::run_io(const Command& command) {
    u16 status = 0;
    if (fail_count != 0) {
        --fail_count;
        status = fail_status;
    } else {
        status = perform(command);
    }
    post(io_, 1, command.id, 0, status, static_cast<u16>(io_.head));
}

// The memory of a transfer (4.1.1); an entry that breaks the rules counts as stray.
std::vector<std::span<u8>> FakeNvme::pages(const Command& command, u64 bytes) {
    std::vector<std::span<u8>> found;
    const u64 first = std::min(bytes, 4096 - command.prp1 % 4096);
    found.push_back(memory_.view(command.prp1, first));
    u64 left = bytes - first;
    const bool list = left > 4096;
    for (u64 at = command.prp2; left != 0;) {
        u64 page = command.prp2;
        if (list) {
            const auto entry = memory_.view(at, 8);
            if (entry.empty())
                break;
            std::memcpy(&page, entry.data(), 8);
            at += 8;
        }
        const u64 here = std::min<u64>(left, 4096);
        found.push_back(memory_.view(page % 4096 == 0 ? page : ~u64{0}, here));
        left -= here;
    }
    return found;
}

u16 FakeNvme::perform(const Command& command) {
    Namespace* is = find(command.namespace_id);
    if (!is)
        return nvme::code::invalid_namespace << 1;
    const auto opcode = static_cast<nvme::Opcode>(command.opcode);
    u64 first = command.word10 | u64{command.word11} << 32;
    u64 count = (command.word12 & 0xffff) + 1;
    if (opcode == nvme::Opcode::flush) {
        ++flushes;
        return 0;
    }
    if (opcode == nvme::Opcode::dataset) {
        const auto bytes = memory_.view(command.prp1, sizeof(nvme::DatasetRange));
        if (bytes.empty())
            return nvme::code::invalid_field << 1;
        nvme::DatasetRange range;
        std::memcpy(&range, bytes.data(), sizeof range);
        first = range.first;
        count = range.blocks;
    }
    const u64 blocks = is->contents.size() >> is->shift;
    if (first > blocks || count > blocks - first)
        return nvme::code::out_of_range << 1;
    u8* at = is->contents.data() + (first << is->shift);
    const u64 bytes = count << is->shift;
    switch (opcode) {
    case nvme::Opcode::read:
    case nvme::Opcode::write:
        for (const auto page : pages(command, bytes)) {
            if (opcode == nvme::Opcode::read)
                std::memcpy(page.data(), at, page.size());
            else
                std::memcpy(at, page.data(), page.size());
            at += page.size();
        }
        return 0;
    case nvme::Opcode::dataset: std::memset(at, 0xdd, bytes); return 0;
    case nvme::Opcode::write_zeroes: std::memset(at, 0, bytes); return 0;
    default: return nvme::code::invalid_opcode << 1;
    }
}

} // namespace host_test
