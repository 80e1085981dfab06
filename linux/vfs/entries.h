// SPDX-License-Identifier: BSD-2-Clause
// Changing directories: permission checks, locks and the dentry cache around the file system's own
// operations. What the system calls of linux/filesystem, unpacking and devtmpfs share. Process
// context.
#pragma once

#include "linux/vfs/lookup.h"

namespace linux {

// A directory locked with an entry in it, for making something: the entry is negative.
// Usage: Result<NewEntry> e = NewEntry::prepare(walk, kind); then make(), link().
class NewEntry {
public:
    enum class Wanted : u8 { directory, other };
    // Locks the parent the walk found. Errors: exist (also for ".", "..", "/"), noent (a name with
    // a slash behind it that wants no directory), rofs, those of the look-up.
    static Result<NewEntry> prepare(Path parent, const Walk& walk, Wanted wanted);
    NewEntry(NewEntry&& other) noexcept
        : parent_(std::move(other.parent_)), entry_(std::move(other.entry_)),
          locked_(std::exchange(other.locked_, false)) {}
    NewEntry& operator=(NewEntry&&) = delete;
    ~NewEntry();

    const Path& parent() const { return parent_; }
    // Makes the node; mode with type, umask applied by the caller. Errors: acces, noent, perm,
    // nospc, ….
    Result<> make(NewNode node);
    // Another name for an inode of this file system.
    Result<> link(Inode& existing);
    // The path of what was made.
    Path path() const;

private:
    NewEntry(Path parent, Ref<Dentry> entry)
        : parent_(std::move(parent)), entry_(std::move(entry)) {}
    Path parent_;
    Ref<Dentry> entry_;
    bool locked_ = true;
};

// unlink(2) and rmdir(2) of the walk's last component; the walk stopped at `parent`.
Result<> remove_file(const Path& parent, const Walk& walk);
Result<> remove_directory(const Path& parent, const Walk& walk);
// renameat2(2); the walks stopped at the parents.
struct RenameEnds {
    const Path& old_parent;
    const Walk& old_name;
    const Path& new_parent;
    const Walk& new_name;
};
Result<> rename_entry(const RenameEnds& ends, u32 flags);

// Makes a node in a directory whose lock the caller holds; for open(O_CREAT). `entry` is negative.
Result<> make_locked(Dentry& directory, Dentry& entry, NewNode node);
// What is created gets these permission bits: `mode` without the umask of the current task.
u32 apply_umask(u32 mode);
// May the current task make an entry there? Errors: noent (removed), acces, rofs.
Result<> check_create(const Dentry& directory);

} // namespace linux
