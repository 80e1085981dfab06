// SPDX-License-Identifier: BSD-2-Clause
#include "core/observe/trace.h"

#include "arch/api/cpu.h"
#include "base/memory_functions.h"
#include "core/memory/kernel_map.h"
#include "core/memory/per_cpu.h"
#include "core/sched/scheduler.h"
#include "core/sync/guarded.h"
#include "core/task/thread.h"
#include "core/time/clock.h"

namespace core {
namespace {

constexpr u64 record_count = 4096; // a power of two: 256 KiB for each CPU

struct Ring {
    std::atomic<TraceRecord*> records{nullptr};
    std::atomic<u64> next{1}; // of this CPU; interrupts come between
};
constinit PerCpu<Ring> g_rings;
constinit Lock<lock_class::trace> g_start_lock;

constexpr TraceEventInfo event_infos[] = {
#define TRACE_EVENT(name, subject, first, second) {#name, subject, first, second},
#include "core/observe/trace_events.def"
#undef TRACE_EVENT
};

Result<> make_ring(Ring& ring) {
    if (ring.records.load(std::memory_order_relaxed))
        return {};
    KernelMapping memory = TRY(KernelMapping::allocate(Bytes(record_count * sizeof(TraceRecord)),
                                                       KernelProtection::read_write));
    // For good: records may be written until the machine ends. Release: the zeroes come first.
    ring.records.store(memory.as<TraceRecord>(), std::memory_order_release);
    memory.forget();
    return {};
}

// As it was at one moment, or false if it is not the record `sequence` any more.
bool copy_record(const TraceRecord& from, u64 sequence, TraceRecord& to) {
    if (from.sequence.load(std::memory_order_acquire) != sequence)
        return false;
    to.time = from.time;
    to.subject = from.subject;
    to.first = from.first;
    to.second = from.second;
    to.event = from.event;
    to.cpu = from.cpu;
    memcpy(to.thread, from.thread, sizeof to.thread);
    // Acquire fence: what was read above is read before the sequence is looked at again.
    std::atomic_thread_fence(std::memory_order_acquire);
    to.sequence.store(sequence, std::memory_order_relaxed);
    return from.sequence.load(std::memory_order_relaxed) == sequence;
}

} // namespace

constinit std::atomic<bool> g_is_tracing{false};

const TraceEventInfo& trace_event_info(TraceEvent event) {
    return event_infos[static_cast<u16>(event)];
}

void record_trace(TraceEvent event, u32 subject, u64 first, u64 second) {
    arch::disable_preemption();
    Ring& ring = g_rings.here();
    // Acquire: the ring's zeroes.
    if (TraceRecord* records = ring.records.load(std::memory_order_acquire)) {
        const u64 sequence = ring.next.fetch_add(1, std::memory_order_relaxed);
        TraceRecord& record = records[sequence % record_count];
        record.sequence.store(0, std::memory_order_relaxed);
        // Release fence: readers see that it is being written before they see what is written.
        std::atomic_thread_fence(std::memory_order_release);
        record.time = now();
        record.subject = subject;
        record.first = first;
        record.second = second;
        record.event = event;
        record.cpu = static_cast<u16>(arch::cpu_index());
        const std::string_view name = Thread::current().name();
        record.thread[name.copy(record.thread, sizeof record.thread - 1)] = 0;
        record.sequence.store(sequence, std::memory_order_release);
    }
    arch::enable_preemption();
}

Result<> start_tracing() {
    LockGuard<lock_class::trace> guard(g_start_lock);
    for (u64 cpus = Scheduler::online_cpus(); cpus != 0; cpus &= cpus - 1)
        TRY(make_ring(g_rings.of(static_cast<u32>(__builtin_ctzll(cpus)))));
    g_is_tracing.store(true, std::memory_order_relaxed);
    return {};
}

void stop_tracing() { g_is_tracing.store(false, std::memory_order_relaxed); }

bool read_trace(u32 cpu, u64 from, TraceRecord& record) {
    Ring& ring = g_rings.of(cpu);
    const TraceRecord* records = ring.records.load(std::memory_order_acquire);
    if (!records)
        return false;
    while (true) {
        const u64 end = ring.next.load(std::memory_order_relaxed);
        if (end > record_count && from < end - record_count)
            from = end - record_count;
        if (from >= end)
            return false;
        if (copy_record(records[from % record_count], from, record))
            return true;
        ++from;
    }
}

} // namespace core
