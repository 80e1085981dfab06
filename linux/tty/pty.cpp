// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tty/pty.h"

#include "base/allocate.h"
#include "base/immortal.h"

namespace linux {

namespace {

constexpr core::WakeEvents read_events = poll_event::in | poll_event::read_normal;
constexpr core::WakeEvents write_events = poll_event::out | poll_event::write_normal;

// Pairs by index. An entry stays until its terminal is gone, so that a number in use is not given
// again.
struct PtyTable {
    core::Lock<core::lock_class::pty_table> lock;
    Terminal* entries[Pty::maximum] = {}; // guarded by lock; no references
    u32 lowest_free = 0;                  // no free index is below; guarded by lock
};
constinit Immortal<PtyTable> g_table;
using TableGuard = core::LockGuard<core::lock_class::pty_table>;

// The entry of an index that is taken while its terminal is made.
Terminal* const reserved_entry = reinterpret_cast<Terminal*>(8);

Result<u32> reserve_index() {
    TableGuard guard(g_table->lock);
    for (u32 index = g_table->lowest_free; index < Pty::maximum; ++index)
        if (!g_table->entries[index]) {
            g_table->entries[index] = reserved_entry;
            g_table->lowest_free = index + 1;
            return index;
        }
    return Failure(Errno::nospc);
}

void set_entry(u32 index, Terminal* terminal) {
    TableGuard guard(g_table->lock);
    g_table->entries[index] = terminal;
    if (!terminal && index < g_table->lowest_free)
        g_table->lowest_free = index;
}

} // namespace

Result<Ref<Terminal>> Pty::create() {
    const u32 index = TRY(reserve_index());
    auto* pty = new (base::fallible) Pty(index);
    Termios settings = default_termios;
    settings.hardware &= ~hardware_mode::hang_up_on_close;
    const DeviceNumber number{slave_major + index / 256, index % 256};
    auto terminal = pty ? Terminal::create(*pty, number, settings) : Failure(Errno::nomem);
    if (!terminal) {
        delete pty;
        set_entry(index, nullptr);
        return Failure(Errno::nomem);
    }
    set_entry(index, terminal->get());
    return terminal;
}

void Pty::terminal_destroyed() {
    set_entry(index_, nullptr);
    delete this;
}

RefOrNull<Terminal> Pty::find(u32 index) {
    if (index >= maximum)
        return nullptr;
    TableGuard guard(g_table->lock);
    Terminal* terminal = g_table->entries[index];
    if (!terminal || terminal == reserved_entry || of(*terminal).is_disconnected() ||
        !terminal->try_add_reference())
        return nullptr;
    return RefOrNull<Terminal>::adopt(terminal);
}

Result<u32> Pty::next(u32 from) {
    TableGuard guard(g_table->lock);
    for (u32 index = from; index < maximum; ++index) {
        Terminal* terminal = g_table->entries[index];
        if (terminal && terminal != reserved_entry && !of(*terminal).is_disconnected())
            return index;
    }
    return Failure(Errno::noent);
}

// Packet mode: tells the master what happened.
void Pty::report(u8 set, u8 clear) {
    if (!is_packet_mode())
        return;
    u8 status = packet_status_.load(std::memory_order_relaxed);
    while (
        !packet_status_.compare_exchange_weak(status, static_cast<u8>((status & ~clear) | set))) {
    }
    master_read_queue_.wake_all(read_events | poll_event::priority);
}

void Pty::set_packet_mode(bool on) {
    if (on && !is_packet_mode())
        packet_status_.store(0, std::memory_order_relaxed);
    packet_mode_.store(on, std::memory_order_relaxed);
}

void Pty::master_closed(Terminal& terminal) {
    master_closed_.store(true, std::memory_order_relaxed);
    terminal.hang_up(true);
}

void Pty::output_available(Terminal& terminal) {
    if (terminal.output_count() != 0)
        master_read_queue_.wake_all(read_events);
}

void Pty::input_taken(Terminal&) { master_write_queue_.wake_all(write_events); }

void Pty::settings_changed(Terminal&, const Termios2& before, Termios2& after) {
    const Termios& old = before.basic;
    Termios& settings = after.basic;
    settings.hardware &= ~(hardware_mode::size_mask | hardware_mode::parity);
    settings.hardware |= hardware_mode::size_8 | hardware_mode::receive;
    const auto usual_flow = [](const Termios& t) {
        return (t.input & input_mode::flow_output) != 0 &&
               t.control[control_character::stop] == 19 &&
               t.control[control_character::start] == 17;
    };
    const bool external = ((old.local ^ settings.local) & local_mode::external_processing) != 0;
    const u8 ioctl_bit = external ? packet_event::ioctl : 0;
    if (usual_flow(old) != usual_flow(settings)) {
        if (usual_flow(settings))
            report(packet_event::do_stop | ioctl_bit, packet_event::no_stop);
        else
            report(packet_event::no_stop | ioctl_bit, packet_event::do_stop);
    } else if (external) {
        report(ioctl_bit);
    }
}

void Pty::flow_changed(Terminal&, bool stopped) {
    if (stopped)
        report(packet_event::stop, packet_event::start);
    else
        report(packet_event::start, packet_event::stop);
}

void Pty::flushed(Terminal&, u32 queue) {
    report(queue == flush_queue::input ? packet_event::flush_read : packet_event::flush_write);
    if (queue == flush_queue::input)
        master_write_queue_.wake_all(write_events);
}

Result<> Pty::first_open(Terminal&) {
    if (is_locked() || is_disconnected())
        return Failure(Errno::io);
    slave_closed_.store(false, std::memory_order_relaxed);
    return {};
}

void Pty::last_close(Terminal&) {
    slave_closed_.store(true, std::memory_order_relaxed);
    master_read_queue_.wake_all(read_events | poll_event::hang_up);
    master_write_queue_.wake_all(write_events | poll_event::hang_up);
}

Result<u64> Pty::ioctl(Terminal&, u32, u64) { return Failure(Errno::notty); }

} // namespace linux
