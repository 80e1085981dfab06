// SPDX-License-Identifier: BSD-2-Clause
// /sys/pith/trace: `enable` takes 1 and 0; `records` shows what the rings hold, a line each, CPU
// after CPU: nanoseconds, CPU, thread, event, then its numbers by name.
#include "core/observe/trace.h"

#include "core/component/manager.h"
#include "core/sched/scheduler.h"
#include "linux/proc/tables.h"

namespace linux {
namespace {

using core::TraceEvent;
using core::TraceRecord;

Result<> show_enable(const ProcSubject&, base::FormatSink& sink) {
    sink.write(core::is_tracing() ? "1\n" : "0\n");
    return {};
}

Result<> store_enable(const ProcSubject&, std::string_view text) {
    const std::string_view wanted = trim(text);
    if (wanted == "1")
        return core::start_tracing();
    if (wanted != "0")
        return Failure(Errno::inval);
    core::stop_tracing();
    return {};
}

void show_number(base::FormatSink& sink, std::string_view name, u64 value) {
    if (!name.empty())
        base::format(sink, " {}={:#x}", name, value);
}

// Instances by name as long as they last.
void show_subject(base::FormatSink& sink, const TraceRecord& record, std::string_view what) {
    if (what != "instance") {
        show_number(sink, what, record.subject);
        return;
    }
    u32 number = record.subject;
    if (record.event == TraceEvent::component) {
        show_number(sink, "event", number >> 16);
        number &= 0xffff;
    }
    if (const auto instance = core::find_instance(number))
        base::format(sink, " instance={}", (*instance)->name());
    else
        base::format(sink, " instance={}", number);
}

void show_record(base::FormatSink& sink, const TraceRecord& record) {
    const core::TraceEventInfo& info = core::trace_event_info(record.event);
    base::format(sink, "{} {} ", record.time.value, record.cpu);
    // A name is one word here.
    for (const char c : record.thread_name()) {
        const char shown = c > ' ' && c < 0x7f ? c : '_';
        sink.write({&shown, 1});
    }
    base::format(sink, " {}", info.name);
    show_subject(sink, record, info.subject);
    show_number(sink, info.first, record.first);
    show_number(sink, info.second, record.second);
    sink.write("\n");
}

Result<> show_records(const ProcSubject&, base::FormatSink& sink) {
    for (u64 cpus = core::Scheduler::online_cpus(); cpus != 0; cpus &= cpus - 1) {
        const u32 cpu = static_cast<u32>(__builtin_ctzll(cpus));
        TraceRecord record;
        for (u64 from = 1; core::read_trace(cpu, from, record);) {
            show_record(sink, record);
            from = record.sequence.load(std::memory_order_relaxed) + 1;
        }
    }
    return {};
}

} // namespace

// Only for root: what programs touch is nobody else's business.
constexpr ProcEntry trace_entries[] = {
    {.name = "enable",
     .mode = file_mode::regular | 0600,
     .show = show_enable,
     .store = store_enable},
    {.name = "records", .mode = file_mode::regular | 0400, .show = show_records},
    {.name = nullptr, .mode = 0},
};

} // namespace linux
