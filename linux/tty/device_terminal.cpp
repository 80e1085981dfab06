// SPDX-License-Identifier: BSD-2-Clause
#include "linux/tty/device_terminal.h"

#include "abi/linux/signal.h"
#include "core/vm/user_memory.h"
#include "linux/devfs/device_registry.h"
#include "linux/tty/terminal_file.h"
#include "linux/tty/terminal_settings.h"
#include "linux/tty/terminal_thread.h"

namespace linux {

namespace {

constexpr u32 serial_major = 4, serial_first_minor = 64, console_major = 229;

Result<Ref<OpenFile>> open_device_terminal(const DeviceNode& node, const Path& path, u32 flags) {
    auto& terminal = static_cast<DeviceTerminal*>(node.context)->terminal();
    return TerminalFile::open(Ref<Terminal>::share(terminal), path, flags,
                              TerminalFile::Kind::plain);
}

u32 data_bits(const Termios& settings) {
    return 5 + ((settings.hardware & hardware_mode::size_mask) >> 4);
}

} // namespace

Result<> DeviceTerminal::create(core::ByteStreamDevice& device) {
    auto* made = new (base::fallible) DeviceTerminal(device);
    if (!made)
        return Failure(Errno::nomem);
    Termios settings = default_termios;
    u32 speed = 38400;
    DeviceNumber number{console_major, device.index()};
    if (made->is_serial()) {
        number = {serial_major, serial_first_minor + device.index()};
        speed = console_speed(device.name());
        settings.hardware = speed_code(speed) | hardware_mode::size_8 | hardware_mode::receive |
                            hardware_mode::hang_up_on_close | hardware_mode::local;
    }
    auto terminal = Terminal::create(*made, number, settings);
    if (!terminal) {
        delete made;
        return Failure(terminal.error());
    }
    made->terminal_ = *std::move(terminal);
    made->terminal_->set_settings({settings, speed, speed});
    if (device.columns() != 0)
        made->terminal_->set_window({device.rows(), device.columns(), 0, 0});
    (void)device.begin_use(); // terminals stay
    enlist_device_terminal(*made);
    TRY(register_device_node({.name = device.name(),
                              .type = DeviceType::character,
                              .number = number,
                              .mode = 0600,
                              .open = open_device_terminal,
                              .context = made}));
    device.set_receiver(made);
    return {};
}

// What the device reports: any context.

void DeviceTerminal::note(u32 what) {
    notes_.fetch_or(what, std::memory_order_release);
    wake_terminal_thread();
}

usize DeviceTerminal::received(std::span<const u8> bytes) {
    const usize taken = terminal_->receive_later(bytes);
    if (taken < bytes.size())
        starved_.store(true, std::memory_order_release);
    note(input);
    return taken;
}

void DeviceTerminal::resized(u16, u16) { note(size); }
void DeviceTerminal::line_break() { note(broken); }
void DeviceTerminal::writable() { note(output); }
void DeviceTerminal::connection_changed(bool) {} // a console's host may come and go

void DeviceTerminal::work() {
    const u32 what = notes_.exchange(0, std::memory_order_acquire);
    if ((what & broken) != 0)
        terminal_->receive_fault(LineFault::break_condition);
    if ((what & (input | output)) != 0)
        terminal_->feed();
    if ((what & output) != 0)
        terminal_->output_left();
    if ((what & size) != 0) {
        WindowSize window = terminal_->window();
        window.columns = device_->columns();
        window.rows = device_->rows();
        terminal_->set_window(window);
    }
}

// What the terminal asks for: its lock is held.

void DeviceTerminal::output_available(Terminal& terminal) {
    u8 chunk[128];
    while (true) {
        const usize room = std::min(device_->writable_bytes(), sizeof chunk);
        if (room == 0)
            return;
        const u32 count = terminal.output_take({chunk, room});
        if (count == 0)
            return;
        device_->write({chunk, count});
    }
}

u32 DeviceTerminal::send_directly(std::span<const u8> bytes) {
    return static_cast<u32>(device_->write(bytes));
}

void DeviceTerminal::input_taken(Terminal&) {
    if (starved_.exchange(false, std::memory_order_acquire))
        device_->receive_ready();
}

void DeviceTerminal::throttle(Terminal&, bool paused) {
    if ((settings_.basic.input & input_mode::flow_input) == 0)
        return;
    const u8 byte = settings_.basic.control[paused ? control_character::stop
                                                   : control_character::start];
    if (byte != 0)
        device_->write({&byte, 1});
}

void DeviceTerminal::settings_changed(Terminal&, const Termios2& old, Termios2& settings) {
    settings_ = settings;
    if (is_serial() && (old.basic.hardware != settings.basic.hardware ||
                        old.output_speed != settings.output_speed))
        apply_line(settings);
}

void DeviceTerminal::apply_line(const Termios2& settings) {
    if (settings.output_speed == 0)
        return; // B0 drops the modem lines, which nobody listens to
    const u32 hardware = settings.basic.hardware;
    const u32 stop_bits = (hardware & hardware_mode::two_stop_bits) != 0 ? 2 : 1;
    u32 parity = 0; // none, odd, even
    if ((hardware & hardware_mode::parity) != 0)
        parity = (hardware & hardware_mode::parity_odd) != 0 ? 1 : 2;
    // A line that cannot do it goes on as it was, as a real one would.
    (void)device_->set_line(settings.output_speed, data_bits(settings.basic), stop_bits, parity);
}

void DeviceTerminal::flushed(Terminal& terminal, u32 queue) {
    if (queue == flush_queue::input)
        input_taken(terminal);
}

u32 DeviceTerminal::unsent() const {
    // The ring of the device as far as it is full.
    constexpr usize ring = 4096;
    const usize room = device_->writable_bytes();
    return static_cast<u32>(room < ring ? ring - room : 0);
}

Result<> DeviceTerminal::first_open(Terminal&) { return device_->set_open(true); }
void DeviceTerminal::last_close(Terminal&) { (void)device_->set_open(false); }

Result<u64> DeviceTerminal::ioctl(Terminal&, u32 request, u64 argument) {
    // Carrier, data set ready, clear to send; data terminal ready, request to send.
    constexpr i32 all_lines_up = 0x40 | 0x100 | 0x20 | 0x2 | 0x4;
    if (request != terminal_request::get_modem || !is_serial())
        return Failure(Errno::notty);
    TRY(core::UserOut<i32>(argument).write(all_lines_up));
    return 0;
}

} // namespace linux
