// SPDX-License-Identifier: BSD-2-Clause
// A terminal: the line discipline with its buffers, the session it controls, and what lies behind
// it (TerminalDriver: a character device or the master side of a pty). Open files are TerminalFile
// objects.
//
// Locks: lock_ guards the discipline, settings and window; output_lock_ the ring of bytes on their
// way out; input_lock_ the ring of bytes that came in and were not yet given to the discipline.
// Session and foreground group are guarded by the process table's lock. Sleepers and poll read the
// atomics.
#pragma once

#include <optional>

#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"
#include "linux/process/process.h"
#include "linux/tty/byte_ring.h"
#include "linux/tty/line_discipline.h"
#include "linux/vfs/attributes.h"
#include "linux/vfs/io_cursor.h"

namespace linux {

class Terminal;
class TerminalFile;

// What lies behind a terminal.
class TerminalDriver {
public:
    // Unless it says otherwise, a call comes with the terminal's lock held, in process context.
    //
    // The output ring may have bytes for the line: take them with Terminal::output_take.
    virtual void output_available(Terminal& terminal) = 0;
    // Sends bytes past the ring (the kernel's log); returns how many were taken.
    virtual u32 send_directly(std::span<const u8> bytes) = 0;
    // Bytes left the ring of input that had come in: there is room in it.
    virtual void input_taken(Terminal& terminal) = 0;
    // The reader does not keep up, or does again: pause the other end of the line (IXOFF).
    virtual void throttle(Terminal& terminal, bool paused) = 0;
    // The settings change; `settings` may be corrected to what the line can do.
    virtual void settings_changed(Terminal& terminal, const Termios2& old, Termios2& settings) = 0;
    // Output stopped or started by ^S, ^Q or TCXONC; queues were flushed (flush_queue).
    virtual void flow_changed(Terminal& terminal, bool stopped) = 0;
    virtual void flushed(Terminal& terminal, u32 queue) = 0;
    // Without the lock: bytes taken from the ring that are not yet on the line.
    virtual u32 unsent() const = 0;
    // The first open and the last close. Errors of the first: io and others, the open fails.
    virtual Result<> first_open(Terminal& terminal) = 0;
    virtual void last_close(Terminal& terminal) = 0;
    // Without the lock from here on.
    // The other side of a pty is gone: reads end, writes fail with io.
    virtual bool is_disconnected() const = 0;
    virtual bool is_pty() const = 0;
    // Requests of this kind of line only (modem lines, serial parameters). Errors: notty.
    virtual Result<u64> ioctl(Terminal& terminal, u32 request, u64 argument) = 0;
    // The terminal is gone; the driver may delete itself.
    virtual void terminal_destroyed() = 0;

protected:
    ~TerminalDriver() = default;
};

class Terminal final : public ControllingTerminal, private LineHost {
public:
    static constexpr u32 ring_size = 4096;

    // `driver` outlives the terminal. Errors: nomem.
    static Result<Ref<Terminal>> create(TerminalDriver& driver, DeviceNumber number,
                                        const Termios& settings);

    ~Terminal() override { driver_.terminal_destroyed(); }

    DeviceNumber number() const { return number_; }
    TerminalDriver& driver() { return driver_; }

    // ---- programs -------------------------------------------------------------------------------
    // Errors: busy (exclusive), io, and what the driver gives.
    Result<> open(TerminalFile& file, bool may_become_controlling);
    void close(TerminalFile& file);
    // Errors: again, restartsys, io, fault.
    Result<usize> read(const TerminalFile& file, IoCursor& target, bool non_block);
    Result<usize> write(const TerminalFile& file, IoCursor& source, bool non_block);
    u32 poll_events(const TerminalFile& file) const;
    core::WaitQueue& read_queue() { return read_queue_; }
    core::WaitQueue& write_queue() { return write_queue_; }
    Result<u64> ioctl(const TerminalFile& file, u32 request, u64 argument);
    // What a pty's master may ask of its terminal: settings and window. Errors: notty.
    Result<u64> ioctl_from_master(u32 request, u64 argument);
    // How often it was hung up: a file opened before that is dead.
    u32 hang_ups() const { return hang_ups_.load(std::memory_order_acquire); }

    // ---- the line -------------------------------------------------------------------------------
    // Bytes from the line, in process context; returns how many were taken.
    usize receive(std::span<const u8> bytes);
    // The same from any context: kept until feed() is called in process context.
    usize receive_later(std::span<const u8> bytes);
    void feed();
    // The device has taken bytes: whoever waits until all are gone looks again.
    void output_left();
    void receive_fault(LineFault fault);
    u32 input_room() const;
    // Takes the oldest bytes for the line. Any context; one taker at a time.
    u32 output_take(std::span<u8> target);
    u32 output_count() const;
    // The kernel's own text, past the ring; returns how much went. Process context.
    u32 write_kernel_text(std::span<const u8> text);

    // ---- settings -------------------------------------------------------------------------------
    Termios settings() const;
    Termios2 settings2() const;
    // Changes settings at once; the discipline and the driver follow.
    void set_settings(const Termios2& settings);
    // Errors: restartsys. Sleeps until all output is on the line.
    Result<> drain();
    void flush(u32 queue); // flush_queue
    WindowSize window() const;
    // Stores it; a change sends SIGWINCH to the foreground group.
    void set_window(const WindowSize& window);
    bool packet_flow_default() const; // ^S and ^Q do flow control (packet mode's DOSTOP)
    void signal_foreground(i32 number);

    // ---- sessions (terminal_session.cpp) --------------------------------------------------------
    // Errors: io, restartsys (the signal was sent): the caller is in the background and may not do
    // this.
    Result<> check_background(i32 signal);
    Result<u64> set_controlling(const TerminalFile& file, bool steal);
    Result<u64> give_up_controlling();
    Result<u64> get_group(bool from_master);
    Result<u64> set_group(Pid group);
    Result<u64> get_session(bool from_master);
    // Every open file is dead from now on; the session's leader gets SIGHUP and SIGCONT. With
    // `whole_session` the foreground group gets SIGHUP too.
    void hang_up(bool whole_session);
    void session_ends(Session& session) override;
    u32 device_number() const override { return static_cast<u32>(number_.to_user()); }
    Pid foreground_group() const override;
    // Makes it the controlling terminal of the current process if that is a leader without one.
    void try_become_controlling();

private:
    friend class Ref<Terminal>;
    Terminal(TerminalDriver& driver, DeviceNumber number, const Termios& settings);

    using TtyGuard = core::LockGuard<core::lock_class::tty>;
    using StreamGuard = core::LockGuard<core::lock_class::tty_buffer>;

    // LineHost, with lock_ held.
    bool put(std::span<const u8> bytes) override;
    void signal(i32 number) override { signal_foreground(number); }
    void stop_output() override;
    void start_output() override;
    bool output_stopped() const override { return stopped_.load(std::memory_order_relaxed); }
    void drop_output() override;

    // Reading and writing.
    struct ReadRule {
        bool canonical;
        u32 minimum;     // bytes that end a read
        Nanos first;     // how long to wait for the first byte; no_deadline for ever
        Nanos between;   // after each byte; 0 no limit
    };
    ReadRule read_rule() const;
    struct Portion {
        usize bytes = 0;
        bool end = false;
        bool more = false;
    };
    Portion take(std::span<u8> chunk, bool fills_target);
    Result<> wait_for_input(const TerminalFile& file, Nanos deadline, bool non_block);
    usize send(std::span<const u8> bytes);
    Result<> wait_for_output_room(const TerminalFile& file);
    bool may_write() const;
    void feed_locked();
    bool is_drained() const;
    void input_changed_locked();
    void check_throttle_locked();
    u32 sendable() const;

    // ioctl (terminal_ioctl.cpp); nothing for a request that is not of that group.
    using IoctlResult = std::optional<Result<u64>>;
    IoctlResult ioctl_settings(u32 request, u64 argument);
    Result<u64> change_settings(u32 request, u64 argument);
    IoctlResult ioctl_session(const TerminalFile& file, u32 request, u64 argument);
    IoctlResult ioctl_queues(u32 request, u64 argument);
    IoctlResult ioctl_properties(u32 request, u64 argument);
    Result<u64> ioctl_break(u32 request, u64 argument);
    Result<u64> control_flow(u64 action);
    Result<u64> push_input(u64 argument);
    void send_control(u32 place);

    TerminalDriver& driver_;
    const DeviceNumber number_;

    mutable core::Lock<core::lock_class::tty> lock_;
    LineDiscipline discipline_; // guarded by lock_
    u32 input_speed_ = 38400;
    u32 output_speed_ = 38400;
    Termios locked_{};          // TIOCSLCKTRMIOS: bits that may not change
    WindowSize window_{};
    u32 open_count_ = 0;
    bool exclusive_ = false;
    bool throttled_ = false;    // told the driver that there is no room
    bool stopped_by_ioctl_ = false; // TCXONC: only TCXONC starts it again

    mutable core::Lock<core::lock_class::tty_buffer> output_lock_;
    ByteRing<ring_size> output_; // guarded by output_lock_
    u32 withheld_ = 0;           // newest bytes that wait for a start; guarded by output_lock_
    mutable core::Lock<core::lock_class::tty_buffer> input_lock_;
    ByteRing<ring_size> input_;  // guarded by input_lock_

    // What poll and sleepers look at.
    std::atomic<bool> readable_{false};
    std::atomic<bool> poll_readable_{false};
    std::atomic<bool> stopped_{false};
    std::atomic<u32> output_used_{0};
    std::atomic<u32> hang_ups_{0};
    core::WaitQueue read_queue_;
    core::WaitQueue write_queue_;

    // Guarded by the process table's lock.
    RefOrNull<Session> session_;
    RefOrNull<ProcessGroup> foreground_;
};

} // namespace linux
