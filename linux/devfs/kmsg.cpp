// SPDX-License-Identifier: BSD-2-Clause
#include "linux/devfs/kmsg.h"

#include "base/immortal.h"
#include "core/observe/log.h"
#include "core/task/thread.h"
#include "core/time/clock.h"
#include "core/time/timer.h"
#include "linux/devfs/device_file.h"
#include "linux/process/credentials.h"
#include "linux/vfs/nameless.h"

namespace linux {

namespace {

// Lines are logged in any context, under any lock: nobody can be woken there. While somebody waits
// a timer looks for new ones.
constexpr Nanos look_interval = base::milliseconds(50);

void look(core::Timer& timer);

struct Watch {
    Immortal<core::WaitQueue> queue;
    Immortal<core::Timer> timer{look};
    std::atomic<u64> seen{0};
};
constinit Watch g_watch;

void look(core::Timer& timer) {
    const u64 end = core::log_end();
    if (g_watch.seen.exchange(end, std::memory_order_relaxed) != end)
        g_watch.queue->wake_all(poll_event::in | poll_event::read_normal);
    if (g_watch.queue->has_waiters())
        timer.arm(core::now() + look_interval);
}

void start_looking() { g_watch.timer->arm(core::now() + look_interval); }

Result<usize> write_log(IoCursor& source);

// Standard output of a program that has no console.
class LogFile final : public OpenFile {
public:
    LogFile() : OpenFile(open_flag::read_write, Positioning::stream) {}
    Result<usize> read(IoCursor&, u64, IoFlags) override { return usize{0}; }
    Result<usize> write(IoCursor& source, u64&, IoFlags) override {
        constexpr usize line_maximum = 1024;
        source.limit(line_maximum);
        return write_log(source);
    }
    Inode& inode() const override { return anonymous_inode(); }
    void describe(base::FormatSink& sink) const override { sink.write("anon_inode:[log]"); }
};

class KmsgFile final : public DeviceFile {
public:
    KmsgFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}

    Result<usize> read(IoCursor& target, u64, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64&, IoFlags) override;
    Result<u64> seek(i64 offset, u32 whence) override;
    u32 poll(PollRegistration* registration) override;

private:
    Result<usize> wait_for_record(core::LogRecord& record, bool non_block);
    u64 next_ = 0; // sequence; guarded by position_lock
};

Result<usize> KmsgFile::wait_for_record(core::LogRecord& record, bool non_block) {
    while (!core::read_log(next_, record)) {
        if (non_block)
            return Failure(Errno::again);
        const u64 wanted = next_;
        start_looking();
        const Result<> woken = g_watch.queue->wait(
            [&] {
                start_looking();
                return core::log_end() > wanted;
            },
            core::Sleep::interruptible);
        if (!woken)
            return Failure(Errno::restartsys);
    }
    return usize{0};
}

// "priority,sequence,microseconds,-;text\n" with what is not printable as \xNN.
void write_record(base::FormatSink& sink, const core::LogRecord& record) {
    base::format(sink, "{},{},{},-;", static_cast<u32>(record.level), record.sequence,
                 record.time.value / 1000);
    for (u16 i = 0; i < record.length; ++i) {
        const char c = record.text[i];
        if (static_cast<u8>(c) < ' ' || static_cast<u8>(c) >= 127 || c == '\\')
            base::format(sink, "\\x{:02x}", static_cast<u8>(c));
        else
            sink.write({&c, 1});
    }
    sink.write("\n");
}

Result<usize> KmsgFile::read(IoCursor& target, u64, IoFlags flags) {
    core::LogRecord record;
    TRY(wait_for_record(record, flags.non_block));
    if (record.sequence > next_ && next_ != 0) {
        next_ = record.sequence; // some were overwritten before they were read
        return Failure(Errno::pipe);
    }
    char line[4 * sizeof(record.text) + 64];
    base::BufferSink sink(line);
    write_record(sink, record);
    const std::string_view text = sink.text();
    if (text.size() > target.left())
        return Failure(Errno::inval);
    const usize moved = TRY(target.copy_to(text.data(), text.size()));
    next_ = record.sequence + 1;
    return moved;
}

Result<usize> KmsgFile::write(IoCursor& source, u64&, IoFlags) { return write_log(source); }

Result<usize> write_log(IoCursor& source) {
    constexpr usize line_maximum = 1024;
    const usize size = source.left();
    if (size > line_maximum)
        return Failure(Errno::inval);
    char text[line_maximum];
    const usize length = TRY(source.copy_from(text, size));
    std::string_view line(text, length);
    u32 level = 4; // the default of messages without a level
    if (line.size() > 2 && line[0] == '<') {
        u32 number = 0;
        usize at = 1;
        while (at < line.size() && line[at] >= '0' && line[at] <= '9')
            number = number * 10 + static_cast<u32>(line[at++] - '0');
        if (at > 1 && at < line.size() && line[at] == '>') {
            level = number & 7;
            line = line.substr(at + 1);
        }
    }
    while (line.ends_with('\n'))
        line = line.substr(0, line.size() - 1);
    core::log(static_cast<core::LogLevel>(level), "{}", line);
    return size;
}

Result<u64> KmsgFile::seek(i64 offset, u32 whence) {
    if (offset != 0)
        return Failure(Errno::spipe);
    switch (whence) {
    case 0: next_ = 0; break;                // SEEK_SET: the oldest
    case 2: next_ = core::log_end(); break;  // SEEK_END: what comes
    case 3: next_ = 0; break;                // SEEK_DATA: since the last clear, which is not kept
    default: return Failure(Errno::inval);
    }
    return u64{0};
}

u32 KmsgFile::poll(PollRegistration* registration) {
    if (registration) {
        registration->watch(*g_watch.queue);
        start_looking();
    }
    return core::log_end() > next_ ? poll_event::in | poll_event::read_normal : 0;
}

} // namespace

Result<Ref<OpenFile>> open_kmsg(const DeviceNode& node, const Path& path, u32 flags) {
    // Reading is for those who may see the log (dmesg_restrict); writing for whom the node's mode
    // lets.
    if ((flags & open_flag::access_mode) != open_flag::write_only && !capable(Capability::syslog) &&
        !capable(Capability::sys_admin))
        return Failure(Errno::perm);
    return open_as<KmsgFile>(node, path, flags);
}

Result<Ref<OpenFile>> open_kernel_log() { return Ref<OpenFile>(TRY(Ref<LogFile>::create())); }

} // namespace linux
