// SPDX-License-Identifier: BSD-2-Clause
// Names to entries and paths: the calls that are not the walk itself.
#pragma once

#include "linux/vfs/walk.h"

namespace linux {

// The entry `name` of a directory, from the cache or the file system; negative if there is none.
// Takes the directory's lock. Errors: noent (of file systems that keep no misses, or a removed
// directory), io, nomem.
Result<Ref<Dentry>> look_up_child(Dentry& directory, const NameView& name);
// The same with the lock held; an entry is always given (maybe one that is not in the tree yet:
// enter() it).
Result<Ref<Dentry>> look_up_locked(Dentry& directory, const NameView& name);

inline constexpr i32 at_working_directory = -100; // AT_FDCWD

// Resolves what a program names: relative to a directory's descriptor or AT_FDCWD. Errors: badf,
// notdir (the descriptor is no directory), and those of Walk.
Result<Path> resolve(i32 directory_fd, const PathName& name, u32 walk_flags);
// From kernel text, by the current task's root and working directory.
Result<Path> resolve(std::string_view name, u32 walk_flags);

} // namespace linux
