// SPDX-License-Identifier: BSD-2-Clause
// /proc/sysvipc and the limits of System V IPC in /proc/sys/kernel (proc(5), sysvipc(7)).
#include "linux/ipc/ipc_limits.h"
#include "linux/ipc/segment.h"
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

} // namespace

constexpr ProcEntry ipc_settings[] = {
    limit<g_ipc_limits.segment_pages, any>("shmall"),
    limit<g_ipc_limits.segment_size, any>("shmmax"),
    limit<g_ipc_limits.segments, IpcIndex::maximum>("shmmni"),
    ProcEntry{.name = nullptr, .mode = 0},
};

constexpr ProcEntry sysvipc_entries[] = {
    file("shm", show_segments),
    ProcEntry{.name = nullptr, .mode = 0},
};

} // namespace linux
