// SPDX-License-Identifier: BSD-2-Clause
// Who is told by a signal that an open file with O_ASYNC became ready. Made at the first F_SETOWN.
#pragma once

#include "linux/vfs/open_file.h"

namespace linux {

struct FileOwner {
    enum class Kind : u8 { thread, process, group }; // F_OWNER_*
    Kind kind = Kind::process;
    i32 pid = 0;
    i32 signal = 0; // 0: SIGIO without details
};

// Errors: nomem.
Result<FileOwner*> file_owner(OpenFile& file);
// Sends the owner its signal if the file has O_ASYNC; for those who make a file ready. `events` are
// poll events. Any process context without spinning locks.
void signal_file_owner(OpenFile& file, u32 events);

} // namespace linux
