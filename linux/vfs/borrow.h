// SPDX-License-Identifier: BSD-2-Clause
// borrow_file() for the hottest calls, which look up many descriptors or do little else: inline,
// with the current task's table found by the caller once.
#pragma once

#include "linux/process/task.h"
#include "linux/vfs/open_file.h"

namespace linux {

// An open file for the current call; null if the fd names none (O_PATH files count as none).
class HotFile {
public:
    HotFile(const core::HandleTable& files, u32 fd) : handle_(files.borrow(fd)) {}

    OpenFile* get() const {
        core::Object* object = handle_.get();
        if (!object || object->kind() != core::ObjectKind::open_file) [[unlikely]]
            return nullptr;
        auto* file = static_cast<OpenFile*>(object);
        if ((file->flags() & open_flag::path) != 0) [[unlikely]]
            return nullptr;
        return file;
    }

private:
    const core::Borrowed handle_;
};

} // namespace linux
