// SPDX-License-Identifier: BSD-2-Clause
#include "core/observe/log.h"

#include "base/memory_functions.h"
#include "core/sync/guarded.h"
#include "core/time/clock.h"

namespace core {
namespace {

constexpr u64 record_count = 512; // a power of two; 128 KiB

struct Ring {
    LogRecord records[record_count]{};
    u64 next = 0;
};
constinit Guarded<Ring, lock_class::log> g_ring;
constinit std::atomic<EarlyConsole*> g_early_console{nullptr};
constinit std::atomic<u8> g_console_level{7};
constinit std::atomic<ConsoleWriter> g_console_writer{nullptr};
constinit std::atomic<u64> g_shown{0}; // after the hand-over: what the console has shown

// "[    1.234567] text", as dmesg prints it.
std::string_view console_line(const LogRecord& record, std::span<char> buffer) {
    base::BufferSink sink(buffer);
    const u64 micros = record.time.value / 1000;
    base::format(sink, "[{:5}.{:06}] {}\n", micros / 1'000'000, micros % 1'000'000,
                 std::string_view(record.text, record.length));
    return sink.text();
}

void show_early(EarlyConsole& console, const LogRecord& record) {
    char line[sizeof record.text + 32];
    console.write(console_line(record, line));
}

} // namespace

void log_arguments(LogLevel level, std::string_view pattern,
                   std::span<const base::FormatArgument> arguments) {
    LogRecord record{};
    record.time = now();
    record.level = level;
    base::BufferSink sink(record.text);
    // The list has one filler at its end.
    base::format_arguments(sink, pattern, arguments);
    record.length = static_cast<u16>(sink.text().size());
    EarlyConsole* early = nullptr;
    {
        auto ring = g_ring.lock();
        record.sequence = ring->next++;
        ring->records[record.sequence % record_count] = record;
        early =
            g_early_console.load(std::memory_order_relaxed); // a hand-over comes before or after
    }
    if (static_cast<u8>(level) >= g_console_level.load(std::memory_order_relaxed))
        return;
    if (early)
        show_early(*early, record);
    else if (const ConsoleWriter writer = g_console_writer.load(std::memory_order_acquire))
        writer();
}

bool read_log(u64 from, LogRecord& record) {
    auto ring = g_ring.lock();
    if (from + record_count < ring->next)
        from = ring->next - record_count;
    if (from >= ring->next)
        return false;
    record = ring->records[from % record_count];
    return true;
}
u64 log_end() { return g_ring.lock()->next; }

void set_console_level(u8 level) { g_console_level.store(level); }
u8 console_level() { return g_console_level.load(); }

u64 hand_console_over(ConsoleWriter writer) {
    auto ring = g_ring.lock();
    g_console_writer.store(writer);
    g_early_console.store(nullptr);
    g_shown.store(ring->next);
    return ring->next;
}

void log_was_shown(u64 end) { g_shown.store(end, std::memory_order_relaxed); }

void take_console(EarlyConsole& early) {
    const u64 end = log_end();
    u64 from = g_shown.load(std::memory_order_relaxed);
    if (g_early_console.load(std::memory_order_relaxed))
        from = end; // it was never handed over
    LogRecord record;
    for (; from < end && read_log(from, record); from = record.sequence + 1)
        show_early(early, record);
    g_early_console.store(&early);
}

} // namespace core
