// SPDX-License-Identifier: BSD-2-Clause
// An open terminal: the slave side of a pty or a device. (The master side is PtyMasterFile.)
#pragma once

#include "linux/tty/terminal.h"
#include "linux/vfs/open_file.h"
#include "linux/vfs/path.h"

namespace linux {

class TerminalFile final : public OpenFile {
public:
    // How it was opened, as far as it matters later.
    enum class Kind : u8 {
        plain,
        console, // /dev/console: a hang-up leaves it alone, TOSTOP does not stop its writers
    };

    // Opens `terminal`; it becomes the controlling one of a session leader without, unless O_NOCTTY
    // says otherwise or it is the console. Errors: as Terminal::open.
    static Result<Ref<OpenFile>> open(Ref<Terminal> terminal, const Path& path, u32 flags,
                                      Kind kind);
    ~TerminalFile() override;

    Terminal& terminal() const { return *terminal_; }
    bool is_console() const { return kind_ == Kind::console; }
    bool is_hung_up() const { return !is_console() && terminal_->hang_ups() != opened_after_; }

    Result<usize> read(IoCursor& target, u64 offset, IoFlags flags) override;
    Result<usize> write(IoCursor& source, u64& offset, IoFlags flags) override;
    u32 poll(PollRegistration* registration) override;
    Result<u64> ioctl(u32 request, u64 argument) override;
    Result<> flags_changed(u32) override { return {}; }
    Inode& inode() const override { return path_.inode(); }
    const Path* path() const override { return &path_; }

private:
    friend class Ref<TerminalFile>;
    TerminalFile(Ref<Terminal> terminal, const Path& path, u32 flags, Kind kind)
        : OpenFile(flags, Positioning::stream, FileFamily::terminal),
          terminal_(std::move(terminal)), path_(path), opened_after_(terminal_->hang_ups()),
          kind_(kind) {}

    const Ref<Terminal> terminal_;
    const Path path_;
    const u32 opened_after_;
    const Kind kind_;
    bool open_ = false; // counted by the terminal
};

} // namespace linux
