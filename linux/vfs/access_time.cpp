// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/access_time.h"

#include "core/time/clock.h"

namespace linux {

void update_access_time(const Mount& mount, Inode& inode) {
    constexpr i64 day = 24 * 60 * 60;
    if ((inode.inode_flags() & inode_flag::no_access_time) || mount.is_read_only())
        return;
    const u32 flags = mount.flags();
    if ((flags & mount_flag::no_directory_access_time) && inode.is_directory())
        return;
    const TimeSpec access = inode.access_time.get();
    const TimeSpec now = file_time_now();
    if (flags & mount_flag::relative_access_time) {
        // Fresh when younger than the last change and than a day.
        const bool is_stale = !is_before(inode.modify_time.get(), access) ||
                              !is_before(inode.change_time.get(), access);
        if (!is_stale && now.seconds - access.seconds < day)
            return;
    } else if (access.seconds == now.seconds && access.nanoseconds == now.nanoseconds) {
        return;
    }
    inode.access_time.set(now);
    inode.attributes_changed(attribute::access_time);
}

} // namespace linux
