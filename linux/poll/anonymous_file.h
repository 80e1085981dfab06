// SPDX-License-Identifier: BSD-2-Clause
// Base of open files without a name that share one inode: epoll sets, eventfd, timerfd, signalfd.
#pragma once

#include "linux/vfs/nameless.h"
#include "linux/vfs/open_file.h"

namespace linux {

class AnonymousFile : public OpenFile {
public:
    Inode& inode() const override { return anonymous_inode(); }
    Result<> flags_changed(u32) override { return {}; }
    // Seeking is allowed and does nothing.
    Result<u64> seek(i64, u32) override { return 0; }
    void describe(base::FormatSink& sink) const override {
        base::format(sink, "anon_inode:{}", name_);
    }

protected:
    // `name`: "[eventfd]" and so on; static storage.
    AnonymousFile(u32 flags, FileFamily family, const char* name)
        : OpenFile(flags, Positioning::stream, family), name_(name) {}

private:
    const char* const name_;
};

} // namespace linux
