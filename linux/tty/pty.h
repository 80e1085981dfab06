// SPDX-License-Identifier: BSD-2-Clause
// Pseudo terminals: Pty is what lies behind the slave's Terminal, PtyMasterFile the open master
// side. The terminal's output ring is what the master reads. A Pty lives as long as its terminal.
#pragma once

#include "linux/tty/terminal.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class Pty final : public TerminalDriver {
public:
    static constexpr u32 slave_major = 136; // Unix98 slaves; 256 per major
    static constexpr u32 maximum = 4096;

    // A new pair, locked, with the lowest free index; its node appears in devpts. Errors: nospc,
    // nomem.
    static Result<Ref<Terminal>> create();
    static Pty& of(Terminal& terminal) { return static_cast<Pty&>(terminal.driver()); }
    // The terminal behind /dev/pts/`index`; null if there is none or its master was closed.
    static RefOrNull<Terminal> find(u32 index);
    // The lowest index in use from `from` on. Errors: noent.
    static Result<u32> next(u32 from);

    u32 index() const { return index_; }
    bool is_locked() const { return locked_.load(std::memory_order_relaxed); }
    bool is_packet_mode() const { return packet_mode_.load(std::memory_order_relaxed); }
    bool slave_is_closed() const { return slave_closed_.load(std::memory_order_relaxed); }
    u8 packet_status() const { return packet_status_.load(std::memory_order_relaxed); }
    u8 take_packet_status() { return packet_status_.exchange(0, std::memory_order_relaxed); }
    void set_locked(bool locked) { locked_.store(locked, std::memory_order_relaxed); }
    void set_packet_mode(bool on);
    void master_closed(Terminal& terminal);

    core::WaitQueue& master_read_queue() { return master_read_queue_; }
    core::WaitQueue& master_write_queue() { return master_write_queue_; }

    // TerminalDriver
    void output_available(Terminal& terminal) override;
    u32 send_directly(std::span<const u8>) override { return 0; }
    void input_taken(Terminal& terminal) override;
    void throttle(Terminal&, bool) override {}
    void settings_changed(Terminal& terminal, const Termios2& old, Termios2& settings) override;
    void flow_changed(Terminal& terminal, bool stopped) override;
    void flushed(Terminal& terminal, u32 queue) override;
    u32 unsent() const override { return 0; }
    Result<> first_open(Terminal& terminal) override;
    void last_close(Terminal& terminal) override;
    bool is_disconnected() const override {
        return master_closed_.load(std::memory_order_relaxed);
    }
    bool is_pty() const override { return true; }
    Result<u64> ioctl(Terminal& terminal, u32 request, u64 argument) override;
    void terminal_destroyed() override;

private:
    explicit Pty(u32 index) : index_(index) {}
    void report(u8 set, u8 clear = 0);

    const u32 index_;
    std::atomic<bool> locked_{true};
    std::atomic<bool> master_closed_{false};
    std::atomic<bool> slave_closed_{false}; // it was open once and is not now
    std::atomic<bool> packet_mode_{false};
    std::atomic<u8> packet_status_{0};
    core::WaitQueue master_read_queue_;
    core::WaitQueue master_write_queue_;
};

class PtyMasterFile final : public OpenFile {
public:
    // Opens /dev/ptmx. Errors: nospc, nomem.
    static Result<Ref<OpenFile>> open(const Path& path, u32 flags);
    ~PtyMasterFile() override;

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    u32 poll(PollRegistration* registration) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<> flags_changed(u32) override { return {}; }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }
    void describe_details(base::FormatSink& sink) const override;

private:
    friend class Ref<PtyMasterFile>;
    PtyMasterFile(Ref<Terminal> terminal, const Path& path, u32 flags)
        : OpenFile(flags, Positioning::stream), terminal_(std::move(terminal)), path_(path) {}

    Pty& pty() const { return Pty::of(*terminal_); }
    std::optional<Result<u64>> ioctl_pty(u32 request, u64 argument);
    Result<u64> ioctl_queues(u32 request, u64 argument);
    Result<u64> open_peer(u32 flags);

    const Ref<Terminal> terminal_;
    const Path path_;
};

// The node of a pty in devpts. Errors: nospc, nomem.
Result<> add_pty_node(Terminal& terminal);
void remove_pty_node(u32 index);

// Registers the devpts file system and /dev/ptmx. Once at start, after the device table. Errors:
// nomem.
Result<> initialise_devpts();

} // namespace linux
