// SPDX-License-Identifier: BSD-2-Clause
// The thread that brings dirty pages and attributes to their disks from time to time, so that
// little is lost when the machine stops.
#include "core/init/task.h"
#include "core/observe/log.h"
#include "core/task/thread.h"
#include "core/time/clock.h"
#include "linux/devfs/block_file.h"
#include "linux/vfs/mount.h"

namespace linux {

namespace {

constexpr Nanos interval = base::seconds(5); // /proc/sys/vm/dirty_writeback_centisecs

void write_back_for_ever(void*) {
    while (true) {
        (void)core::sleep_until(core::now() + interval, core::Sleep::uninterruptible);
        // Failures stay with their file systems (syncfs tells).
        (void)MountTable::sync_all_file_systems(false);
        (void)sync_block_devices(false);
    }
}

void start_write_back() {
    Result<Ref<core::Thread>> thread =
        core::Thread::create_kernel("writeback", write_back_for_ever, nullptr);
    if (!thread) {
        LOG_WARNING("writeback: no memory for the thread; only sync writes to disks");
        return;
    }
    (*thread)->start();
}

INIT_TASK(write_back, "write-back", "linux", &start_write_back);

} // namespace

} // namespace linux
