// SPDX-License-Identifier: BSD-2-Clause
// sysinfo, syslog, reboot, and calls on what is not configured.
#include "abi/linux/system.h"
#include "core/init/power.h"
#include "core/memory/frames.h"
#include "core/observe/log.h"
#include "core/sched/scheduler.h"
#include "core/time/clock.h"
#include "linux/process/process_table.h"
#include "linux/signal/send.h"
#include "linux/syscall/syscall.h"
#include "linux/tty/console.h"
#include "linux/vfs/mount.h"

namespace linux {

Result<u64> sys_sysinfo(UserOut<SystemInformation> target) {
    SystemInformation information = {};
    information.uptime = static_cast<i64>((core::now().value + 999'999'999) / 1'000'000'000);
    u64 loads[3];
    core::Scheduler::load_averages(loads);
    for (int i = 0; i < 3; ++i)
        information.loads[i] = loads[i] << 5; // from 1/2048 to 1/65536
    const core::FrameCounts frames = core::frame_counts();
    information.total_memory = frames.total << page_shift;
    information.free_memory = frames.free << page_shift;
    information.processes = static_cast<u16>(ProcessTable::task_count());
    information.unit = 1;
    TRY(target.write(information));
    return 0;
}

namespace {

constexpr u64 log_capacity = 1 << 17; // what dmesg(1) asks room for

// What syslog(2) has read and what it was told to forget.
constinit std::atomic<u64> g_read_from{0};
constinit std::atomic<u64> g_clear_from{0};

// "<level>[seconds.micros] text\n" of one record.
class RecordText {
public:
    explicit RecordText(const core::LogRecord& record) : sink_(buffer_) {
        base::format(sink_, "<{}>[{:5}.{:06}] {}\n", static_cast<u32>(record.level),
                     record.time.value / 1'000'000'000, record.time.value / 1000 % 1'000'000,
                     std::string_view(record.text, record.length));
    }
    std::string_view view() const { return sink_.text(); }

private:
    char buffer_[288] = {};
    base::BufferSink sink_;
};

Result<u64> read_records(UserVirt target, u64 size, u64 from, std::atomic<u64>* read_up_to) {
    u64 done = 0;
    core::LogRecord record;
    while (core::read_log(from, record)) {
        const RecordText text(record);
        if (done + text.view().size() > size)
            break;
        TRY(core::copy_to_user(target + done, text.view().data(), text.view().size()));
        done += text.view().size();
        from = record.sequence + 1;
        if (read_up_to)
            read_up_to->store(from, std::memory_order_relaxed);
    }
    return done;
}

// The last `size` bytes of the log.
Result<u64> read_tail(UserVirt target, u64 size) {
    u64 from = g_clear_from.load(std::memory_order_relaxed);
    u64 total = 0;
    core::LogRecord record;
    for (u64 at = from; core::read_log(at, record); at = record.sequence + 1)
        total += RecordText(record).view().size();
    while (total > size && core::read_log(from, record)) {
        total -= RecordText(record).view().size();
        from = record.sequence + 1;
    }
    return read_records(target, size, from, nullptr);
}

u64 unread_bytes() {
    u64 total = 0;
    core::LogRecord record;
    for (u64 at = g_read_from.load(std::memory_order_relaxed); core::read_log(at, record);
         at = record.sequence + 1)
        total += RecordText(record).view().size();
    return total;
}

Result<u64> wait_and_read(UserVirt target, u64 size) {
    while (g_read_from.load(std::memory_order_relaxed) >= core::log_end())
        if (!core::sleep_until(core::now() + base::milliseconds(100), core::Sleep::interruptible))
            return Failure(Errno::restartsys);
    return read_records(target, size, g_read_from.load(std::memory_order_relaxed), &g_read_from);
}

} // namespace

Result<u64> sys_syslog(i32 action, UserVirt target, i32 length) {
    const bool harmless = action == log_action::read_all || action == log_action::size_buffer;
    if (!harmless && !capable(Capability::syslog) && !capable(Capability::sys_admin))
        return Failure(Errno::perm);
    const bool reads = action >= log_action::read && action <= log_action::read_clear;
    if (reads && (target.is_null() || length < 0))
        return Failure(Errno::inval);
    const u64 size = static_cast<u64>(length);
    switch (action) {
    case log_action::close:
    case log_action::open: return 0;
    case log_action::read: return length == 0 ? Result<u64>(0) : wait_and_read(target, size);
    case log_action::read_all: return read_tail(target, size);
    case log_action::read_clear: {
        const u64 done = TRY(read_tail(target, size));
        g_clear_from.store(core::log_end(), std::memory_order_relaxed);
        return done;
    }
    case log_action::clear:
        g_clear_from.store(core::log_end(), std::memory_order_relaxed);
        return 0;
    case log_action::console_off: core::set_console_level(1); return 0;
    case log_action::console_on: core::set_console_level(7); return 0;
    case log_action::console_level:
        if (length < 1 || length > 8)
            return Failure(Errno::inval);
        core::set_console_level(static_cast<u8>(length));
        return 0;
    case log_action::size_unread: return unread_bytes();
    case log_action::size_buffer: return log_capacity;
    default: return Failure(Errno::inval);
    }
}

namespace {

constinit std::atomic<bool> g_key_restarts{true}; // Ctrl-Alt-Del restarts at once

Result<> check_magic(u32 first, u32 second) {
    if (first != reboot_magic::first)
        return Failure(Errno::inval);
    for (u32 magic : reboot_magic::second)
        if (second == magic)
            return {};
    return Failure(Errno::inval);
}

[[noreturn]] void stop_machine(std::string_view how, void (*stop)()) {
    LOG_INFO("reboot: {}", how);
    drain_device_terminals(base::seconds(1)); // the last words of programs, and this
    stop();
    __builtin_unreachable();
}

} // namespace

Result<u64> sys_reboot(u32 first, u32 second, u32 command, u64) {
    if (!capable(Capability::sys_boot))
        return Failure(Errno::perm);
    TRY(check_magic(first, second));
    switch (command) {
    case reboot_command::restart:
    case reboot_command::restart_with: stop_machine("Restarting system", core::restart);
    case reboot_command::halt: stop_machine("System halted", core::halt);
    case reboot_command::power_off: stop_machine("Power down", core::power_off);
    case reboot_command::key_on: g_key_restarts.store(true); return 0;
    case reboot_command::key_off: g_key_restarts.store(false); return 0;
    default: return Failure(Errno::inval); // suspend and kexec are not configured
    }
}

// Swap is not configured.
Result<u64> sys_swapon(u64, i32) {
    return Failure(capable(Capability::sys_admin) ? Errno::nosys : Errno::perm);
}
Result<u64> sys_swapoff(u64) {
    return Failure(capable(Capability::sys_admin) ? Errno::nosys : Errno::perm);
}

} // namespace linux
