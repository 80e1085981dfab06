// SPDX-License-Identifier: BSD-2-Clause
// /proc/sysvipc and the limits of System V IPC in /proc/sys/kernel (proc(5), sysvipc(7)).
#include "linux/ipc/ipc_limits.h"
#include "linux/ipc/message_queue.h"
#include "linux/ipc/segment.h"
#include "linux/ipc/semaphore_set.h"
#include "linux/proc/tables.h"

namespace linux {

namespace {

Result<> show_segments(const ProcSubject&, base::FormatSink& sink) {
    sink.write("       key      shmid perms                  size  cpid  lpid nattch   uid   gid"
               "  cuid  cgid      atime      dtime      ctime                   rss"
               "                  swap\n");
    for (u32 index = 0; const RefOrNull<Segment> segment = g_segments.next(index); ++index) {
        const SegmentStatus s = segment->status();
        const IpcPermission& p = s.permission;
        base::format(sink, "{:10} {:10}  {:4o} {:21} {:5} {:5}  {:5} {:5} {:5} {:5} {:5} ", p.key,
                     segment->id(), p.mode, s.size, s.creator, s.last, s.attachments, p.user,
                     p.group, p.creator_user, p.creator_group);
        base::format(sink, "{:10} {:10} {:10} {:21} {:21}\n", s.attach_time, s.detach_time,
                     s.change_time, segment->resident_pages() << page_shift, 0);
    }
    return {};
}

Result<> show_semaphore_sets(const ProcSubject&, base::FormatSink& sink) {
    sink.write("       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
               "      ctime\n");
    for (u32 index = 0; const RefOrNull<SemaphoreSet> set = g_semaphore_sets.next(index); ++index) {
        const SemaphoreSetStatus s = set->status();
        const IpcPermission& p = s.permission;
        base::format(sink, "{:10} {:10}  {:4o} {:10} {:5} {:5} {:5} {:5} {:10} {:10}\n", p.key,
                     set->id(), p.mode, s.count, p.user, p.group, p.creator_user, p.creator_group,
                     s.operation_time, s.change_time);
    }
    return {};
}

Result<> show_message_queues(const ProcSubject&, base::FormatSink& sink) {
    sink.write("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid"
               "  cgid      stime      rtime      ctime\n");
    for (u32 index = 0; const RefOrNull<MessageQueue> queue = g_message_queues.next(index);
         ++index) {
        const MessageQueueStatus s = queue->status();
        const IpcPermission& p = s.permission;
        base::format(sink, "{:10} {:10}  {:4o}  {:10} {:10} {:5} {:5} {:5} {:5} {:5} {:5} ", p.key,
                     queue->id(), p.mode, s.bytes, s.messages, s.last_sender, s.last_receiver,
                     p.user, p.group, p.creator_user, p.creator_group);
        base::format(sink, "{:10} {:10} {:10}\n", s.send_time, s.receive_time, s.change_time);
    }
    return {};
}

using Show = Result<> (*)(const ProcSubject&, base::FormatSink&);

constexpr ProcEntry file(const char* name, Show show) {
    return {.name = name, .mode = file_mode::regular | 0444, .show = show};
}

// A limit in a range.
template <auto& Limit>
Result<> show_limit(const ProcSubject&, base::FormatSink& sink) {
    base::format(sink, "{}\n", Limit.load(std::memory_order_relaxed));
    return {};
}
template <auto& Limit, u64 Highest>
Result<> store_limit(const ProcSubject&, std::string_view text) {
    const u64 value = TRY(parse_unsigned(text));
    if (value > Highest)
        return Failure(Errno::inval);
    Limit.store(static_cast<decltype(Limit.load())>(value), std::memory_order_relaxed);
    return {};
}
template <auto& Limit, u64 Highest>
constexpr ProcEntry limit(const char* name) {
    return {.name = name,
            .mode = file_mode::regular | 0644,
            .show = show_limit<Limit>,
            .store = store_limit<Limit, Highest>};
}

constexpr u64 any = ~u64{0};

// /proc/sys/kernel/sem: four limits in one file; a write may give the first few.
constexpr std::atomic<u32>* semaphore_limits[] = {
    &g_ipc_limits.semaphores_of_set, &g_ipc_limits.semaphores, &g_ipc_limits.semaphore_operations,
    &g_ipc_limits.semaphore_sets};

Result<> show_semaphore_limits(const ProcSubject&, base::FormatSink& sink) {
    std::string_view separator;
    for (const std::atomic<u32>* limit : semaphore_limits) {
        base::format(sink, "{}{}", separator, limit->load(std::memory_order_relaxed));
        separator = "\t";
    }
    sink.write("\n");
    return {};
}

// Errors: inval, range (more sets than there are ids).
Result<> store_semaphore_limits(const ProcSubject&, std::string_view text) {
    u32 values[4];
    usize count = 0;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        if (count == std::size(values))
            return Failure(Errno::inval);
        const usize length = std::min(text.find_first_of(" \t\n"), text.size());
        const u64 value = TRY(parse_unsigned(text.substr(0, length)));
        if (value > INT32_MAX)
            return Failure(Errno::inval);
        values[count++] = static_cast<u32>(value);
        text.remove_prefix(length);
    }
    if (count == std::size(values) && values[3] > IpcIndex::maximum)
        return Failure(Errno::range);
    for (usize i = 0; i < count; ++i)
        semaphore_limits[i]->store(values[i], std::memory_order_relaxed);
    return {};
}

} // namespace

constexpr ProcEntry ipc_settings[] = {
    limit<g_ipc_limits.message_size, INT32_MAX>("msgmax"),
    limit<g_ipc_limits.queue_bytes, INT32_MAX>("msgmnb"),
    limit<g_ipc_limits.queues, IpcIndex::maximum>("msgmni"),
    ProcEntry{.name = "sem",
              .mode = file_mode::regular | 0644,
              .show = show_semaphore_limits,
              .store = store_semaphore_limits},
    limit<g_ipc_limits.segment_pages, any>("shmall"),
    limit<g_ipc_limits.segment_size, any>("shmmax"),
    limit<g_ipc_limits.segments, IpcIndex::maximum>("shmmni"),
    ProcEntry{.name = nullptr, .mode = 0},
};

constexpr ProcEntry sysvipc_entries[] = {
    file("msg", show_message_queues),
    file("sem", show_semaphore_sets),
    file("shm", show_segments),
    ProcEntry{.name = nullptr, .mode = 0},
};

} // namespace linux
