// SPDX-License-Identifier: BSD-2-Clause
// Terminals of devices (ttyS0, hvc0): a byte stream of the core behind a Terminal. What the device
// reports from interrupts is noted; one kernel thread for all terminals does the rest in process
// context.
#pragma once

#include "base/list.h"
#include "core/device/byte_stream_device.h"
#include "linux/tty/terminal.h"

namespace linux {

class DeviceTerminal final : public TerminalDriver, public core::ByteStreamReceiver {
public:
    // Makes the terminal of a serial line or console and its device node. Errors: nomem, exist.
    static Result<> create(core::ByteStreamDevice& device);

    Terminal& terminal() { return *terminal_; }
    std::string_view name() const { return device_->name(); }
    // Does what was noted. In the terminals' thread.
    void work();
    // Bytes of the kernel's log this console has shown.
    u64 log_position = 0;
    u32 log_offset = 0;
    bool is_log_console = false;
    ListLink link; // among all

    // ByteStreamReceiver
    usize received(std::span<const u8> bytes) override;
    void resized(u16 columns, u16 rows) override;
    void line_break() override;
    void connection_changed(bool connected) override;
    void writable() override;

    // TerminalDriver
    void output_available(Terminal& terminal) override;
    u32 send_directly(std::span<const u8> bytes) override;
    void input_taken(Terminal& terminal) override;
    void throttle(Terminal& terminal, bool paused) override;
    void settings_changed(Terminal& terminal, const Termios2& old, Termios2& settings) override;
    void flow_changed(Terminal&, bool) override {}
    void flushed(Terminal& terminal, u32 queue) override;
    u32 unsent() const override;
    Result<> first_open(Terminal& terminal) override;
    void last_close(Terminal& terminal) override;
    bool is_disconnected() const override { return false; }
    bool is_pty() const override { return false; }
    Result<u64> ioctl(Terminal& terminal, u32 request, u64 argument) override;
    void terminal_destroyed() override {}

private:
    // What is to be done.
    enum Note : u32 { input = 1, output = 2, size = 4, broken = 8, gone = 16 };

    explicit DeviceTerminal(core::ByteStreamDevice& device)
        : device_(Ref<core::ByteStreamDevice>::share(device)) {}
    void note(u32 what);
    bool is_serial() const { return device_->kind() == component::StreamKind::serial; }
    void apply_line(const Termios2& settings);

    const Ref<core::ByteStreamDevice> device_;
    RefOrNull<Terminal> terminal_; // set once, kept for ever
    Termios2 settings_{};          // guarded by the terminal's lock
    std::atomic<u32> notes_{0};
    std::atomic<bool> starved_{false}; // the device holds input back
};

// Starts the thread of the terminals. Once. Errors: nomem.
Result<> start_terminal_thread();
// Asks the thread to look at every terminal. Any context.
void wake_terminal_thread();
// The terminal of that name ("ttyS0"); null if there is none. Process context.
DeviceTerminal* find_device_terminal(std::string_view name);
// The first terminal that came, or null.
DeviceTerminal* first_device_terminal();

} // namespace linux
