// SPDX-License-Identifier: BSD-2-Clause
// The kernel log: a ring of lines with time and level, shown on the consoles and read through
// /dev/kmsg and syslog(2). Any context, interrupts and panics included.
#pragma once

#include <atomic>

#include "base/format.h"
#include "base/units.h"

namespace core {

// Linux's levels (kern_levels.h); a console shows what is below its own level.
enum class LogLevel : u8 { emergency, alert, critical, error, warning, notice, info, debug };

void log_arguments(LogLevel level, std::string_view pattern,
                   std::span<const base::FormatArgument> arguments);

template <typename... Arguments>
void log(LogLevel level, std::string_view pattern, const Arguments&... arguments) {
    const base::FormatArgument list[sizeof...(Arguments) + 1] = {
        base::FormatArgument::of(arguments)..., base::FormatArgument::of(0)};
    log_arguments(level, pattern, {list, sizeof...(Arguments)});
}

// A line as the ring keeps it. `sequence` counts from 0; `text` has no newline.
struct LogRecord {
    u64 sequence;
    Nanos time;
    LogLevel level;
    u16 length;
    char text[232];
};

// Copies the record with the lowest sequence >= `from`. False if there is none yet.
bool read_log(u64 from, LogRecord& record);
u64 log_end(); // the sequence the next record will have

// The early console: where lines go at once. Taken by arch at start, handed over to a terminal
// later, and taken back by a panic.
class EarlyConsole {
public:
    virtual void write(std::string_view text) = 0;

protected:
    ~EarlyConsole() = default;
};
// Shows what no console has shown yet, and all lines from now on.
void take_console(EarlyConsole& console);
// Lines of this level and above in number are kept in the ring only (`quiet`, `loglevel=`).
void set_console_level(u8 level);
u8 console_level();
// The early console ends and a console of the terminals goes on from the record whose sequence is
// returned. `writer` is called for each further line that passes the level, in any context.
using ConsoleWriter = void (*)();
u64 hand_console_over(ConsoleWriter writer);
// That console has shown all records before `end`.
void log_was_shown(u64 end);

} // namespace core

#define LOG_ERROR(...) ::core::log(::core::LogLevel::error, __VA_ARGS__)
#define LOG_WARNING(...) ::core::log(::core::LogLevel::warning, __VA_ARGS__)
#define LOG_INFO(...) ::core::log(::core::LogLevel::info, __VA_ARGS__)
#ifdef PITH_DEBUG
#define LOG_DEBUG(...) ::core::log(::core::LogLevel::debug, __VA_ARGS__)
#else
#define LOG_DEBUG(...) ((void)0)
#endif
