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

// "[    1.234567] text", as dmesg prints it.
std::string_view console_line(const LogRecord& record, std::span<char> buffer) {
    base::BufferSink sink(buffer);
    const u64 micros = record.time.value / 1000;
    base::format(sink, "[{:5}.{:06}] {}\n", micros / 1'000'000, micros % 1'000'000,
                 std::string_view(record.text, record.length));
    return sink.text();
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
    {
        auto ring = g_ring.lock();
        record.sequence = ring->next++;
        ring->records[record.sequence % record_count] = record;
    }
    if (static_cast<u8>(level) >= g_console_level.load(std::memory_order_relaxed))
        return;
    char line[sizeof record.text + 32];
    const std::string_view text = console_line(record, line);
    if (EarlyConsole* console = g_early_console.load(std::memory_order_acquire))
        console->write(text);
    else if (const ConsoleWriter writer = g_console_writer.load(std::memory_order_acquire))
        writer(text);
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

void set_early_console(EarlyConsole* console) { g_early_console.store(console); }
void set_console_level(u8 level) { g_console_level.store(level); }
u8 console_level() { return g_console_level.load(); }
void set_console_writer(ConsoleWriter writer) { g_console_writer.store(writer); }

} // namespace core
