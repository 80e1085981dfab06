// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/file_owner.h"

#include "linux/signal/send.h"

namespace linux {

Result<FileOwner*> file_owner(OpenFile& file) {
    if (FileOwner* present = file.owner.load(std::memory_order_acquire))
        return present;
    auto* made = new (base::fallible) FileOwner;
    if (!made)
        return Failure(Errno::nomem);
    FileOwner* present = nullptr;
    if (file.owner.compare_exchange_strong(present, made, std::memory_order_acq_rel))
        return made;
    delete made;
    return present;
}

void signal_file_owner(OpenFile& file, u32) {
    const FileOwner* owner = file.owner.load(std::memory_order_acquire);
    if (!owner || owner->pid == 0 || !(file.flags() & open_flag::async))
        return;
    constexpr i32 signal_io = 29;
    const SigInfo info = SigInfo::from_kernel(owner->signal ? owner->signal : signal_io);
    switch (owner->kind) {
    case FileOwner::Kind::thread:
        if (TaskRef task = ProcessTable::find_task(owner->pid))
            (void)send_signal(*task, info);
        break;
    case FileOwner::Kind::process:
        if (RefOrNull<Process> process = ProcessTable::find(owner->pid))
            (void)send_signal(*process, info);
        break;
    case FileOwner::Kind::group:
        if (RefOrNull<ProcessGroup> group = ProcessTable::find_group(owner->pid))
            (void)send_signal(*group, info);
        break;
    }
}

} // namespace linux
