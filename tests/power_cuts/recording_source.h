// SPDX-License-Identifier: BSD-2-Clause
// A disk that remembers in which order it was written to, and what it may hold when the power
// fails: everything before the last flush, any part of what came after it, the write under way torn
// at a sector.
#pragma once

#include <random>

#include "tests/ext4/image_source.h"

namespace power_cuts {

constexpr u64 sector = 512;

struct Event {
    enum class Kind { write, write_through, flush };
    Kind kind;
    u64 offset;
    std::vector<u8> bytes;
    u64 mark; // what RecordingSource::mark was
};

class RecordingSource {
public:
    u64 mark = 0;               // the caller's, kept with each event
    bool drops_flushes = false; // the planted fault: flushes have no effect
    std::vector<u8> before;     // the disk when recording began
    std::vector<Event> events;

    // Takes over what the source is written with.
    void record(ext4_test::ImageSource& source) {
        before = source.bytes;
        source.on_write = [this](u64 offset, std::span<const u8> bytes, bool through) {
            events.push_back(
                {through && !drops_flushes ? Event::Kind::write_through : Event::Kind::write,
                 offset, std::vector<u8>(bytes.begin(), bytes.end()), mark});
        };
        source.on_flush = [this] {
            if (!drops_flushes)
                events.push_back({Event::Kind::flush, 0, {}, mark});
        };
    }
};

// The disk after the power failed before event `at` was over; one of many it may be.
class CrashState {
public:
    CrashState(const RecordingSource& source, usize at, std::mt19937& chance)
        : image_(source.before) {
        usize window = 0;
        for (usize i = 0; i < at; ++i)
            if (source.events[i].kind == Event::Kind::flush) {
                apply(source, window, i);
                window = i + 1;
            }
        apply_some(source, window, at, chance);
    }
    std::vector<u8> take() { return std::move(image_); }

private:
    void write(const Event& event, u64 from, u64 to) {
        std::copy(event.bytes.begin() + static_cast<long>(from),
                  event.bytes.begin() + static_cast<long>(to),
                  image_.begin() + static_cast<long>(event.offset + from));
    }
    void apply(const RecordingSource& source, usize from, usize to) {
        for (usize i = from; i < to; ++i)
            write(source.events[i], 0, source.events[i].bytes.size());
    }
    // A prefix, a subset, or sectors of a subset, in any order.
    void apply_some(const RecordingSource& source, usize from, usize to, std::mt19937& chance) {
        const u32 kind = chance() % 4;
        const u32 share = chance() % 101;
        std::vector<const Event*> events;
        for (usize i = from; i < to; ++i)
            events.push_back(&source.events[i]);
        if (kind == 3)
            std::shuffle(events.begin(), events.end(), chance);
        for (const Event* event : events) {
            const bool durable = event->kind == Event::Kind::write_through;
            if (durable || kind == 0) {
                write(*event, 0, event->bytes.size());
                continue;
            }
            if (kind == 1 && chance() % 100 < share)
                write(*event, 0, event->bytes.size());
            if (kind >= 2)
                tear(*event, share, chance);
        }
        // The write under way.
        if (to < source.events.size() && chance() % 2)
            tear(source.events[to], chance() % 101, chance);
    }
    void tear(const Event& event, u32 share, std::mt19937& chance) {
        for (u64 at = 0; at < event.bytes.size(); at += sector)
            if (chance() % 100 < share)
                write(event, at, std::min<u64>(at + sector, event.bytes.size()));
    }

    std::vector<u8> image_;
};

} // namespace power_cuts
