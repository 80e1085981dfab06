// SPDX-License-Identifier: BSD-2-Clause
// What happens to files, told to those who watch (inotify). Free when nobody does. Process context,
// no spinning locks held.
#pragma once

#include <atomic>
#include <string_view>

#include "base/types.h"
#include "linux/vfs/path.h"

namespace linux {

class Dentry;
class Inode;

// Events as inotify(7) has them.
namespace notify_event {
inline constexpr u32 access = 0x1, modify = 0x2, attributes = 0x4, close_write = 0x8;
inline constexpr u32 close_no_write = 0x10, open = 0x20, moved_from = 0x40, moved_to = 0x80;
inline constexpr u32 create = 0x100, remove = 0x200, remove_self = 0x400, move_self = 0x800;
inline constexpr u32 unmount = 0x2000, queue_overflow = 0x4000, ignored = 0x8000;
inline constexpr u32 is_directory = 0x4000'0000;
} // namespace notify_event

// How many watches there are; nothing else is looked at while it is 0.
extern std::atomic<u32> g_watch_count;

struct RenameNotice {
    Inode& old_directory;
    std::string_view old_name;
    Inode& new_directory;
    std::string_view new_name;
    Inode& inode;
};

void deliver_entry(Inode& directory, std::string_view name, u32 events);
void deliver_inode(Inode& inode, u32 events);
void deliver_file(const Dentry& dentry, u32 events);
void deliver_rename(const RenameNotice& notice);

// Something happened to an entry of a directory.
inline void notify_entry(Inode& directory, std::string_view name, u32 events) {
    if (g_watch_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        deliver_entry(directory, name, events);
}
// Something happened to the inode itself.
inline void notify_inode(Inode& inode, u32 events) {
    if (g_watch_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        deliver_inode(inode, events);
}
// A file was read, written, opened, …: for those who watch it or its directory.
inline void notify_file(const Dentry& dentry, u32 events) {
    if (g_watch_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        deliver_file(dentry, events);
}
// An attribute of what a path names changed: for those who watch it or its directory.
inline void notify_inode_and_parent(const Path& path, u32 events) {
    if (g_watch_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        deliver_file(path.dentry(), events);
}
inline void notify_rename(const RenameNotice& notice) {
    if (g_watch_count.load(std::memory_order_relaxed) != 0) [[unlikely]]
        deliver_rename(notice);
}

} // namespace linux
