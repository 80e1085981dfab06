// SPDX-License-Identifier: BSD-2-Clause
// Tracing: a ring of binary records for each CPU, written without a lock in any context. While it
// is off, a trace point costs a load and a branch. /sys/pith/trace turns it on and shows the
// records.
#pragma once

#include <atomic>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace core {

enum class TraceEvent : u16 {
#define TRACE_EVENT(name, subject, first, second) name,
#include "core/observe/trace_events.def"
#undef TRACE_EVENT
};

struct alignas(64) TraceRecord {
    std::atomic<u64> sequence{0}; // counts the CPU's records from 1; 0 while it is written
    Nanos time{};
    u64 first = 0, second = 0;
    TraceEvent event{};
    u16 cpu = 0;
    u32 subject = 0;
    char thread[16] = {}; // who ran, or what was interrupted
    std::string_view thread_name() const { return thread; }
};
static_assert(sizeof(TraceRecord) == 64);

extern std::atomic<bool> g_is_tracing;
void record_trace(TraceEvent event, u32 subject, u64 first, u64 second);

inline void trace(TraceEvent event, u32 subject = 0, u64 first = 0, u64 second = 0) {
    if (g_is_tracing.load(std::memory_order_relaxed)) [[unlikely]]
        record_trace(event, subject, first, second);
}

// Gets the rings at the first call. Process context. Errors: nomem.
Result<> start_tracing();
void stop_tracing();
inline bool is_tracing() { return g_is_tracing.load(std::memory_order_relaxed); }

// Copies the CPU's oldest record with a sequence >= `from`. False if there is none. Any context
// that may be preempted; records that are overwritten meanwhile are skipped.
bool read_trace(u32 cpu, u64 from, TraceRecord& record);

struct TraceEventInfo {
    std::string_view name, subject, first, second;
};
const TraceEventInfo& trace_event_info(TraceEvent event);

} // namespace core
