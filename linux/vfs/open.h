// SPDX-License-Identifier: BSD-2-Clause
// Opening files: what open(2) and its kin do once their arguments are copied in, and what the
// kernel itself uses. Process context, no locks held.
#pragma once

#include "linux/vfs/lookup.h"
#include "linux/vfs/open_file.h"

namespace linux {

struct OpenRequest {
    i32 directory = at_working_directory;
    u32 flags = 0;   // open_flag::*
    u32 mode = 0;    // permission bits for O_CREAT, before the umask
    u32 resolve = 0; // walk_flag::* from RESOLVE_*
};

// Every error of open(2).
Result<Ref<OpenFile>> open_file(const PathName& name, const OpenRequest& request);
// By a kernel text, with the rights of the current task.
Result<Ref<OpenFile>> open_path(std::string_view name, u32 flags, u32 mode = 0);
// Opens what a walk found: permission for `flags`, writers counted, O_TRUNC. `created`: just made
// by us.
Result<Ref<OpenFile>> open_found(const Path& path, u32 flags, bool created);
// Reads `size` bytes at `offset` of an open file into kernel memory; fewer at the end.
Result<usize> read_into(OpenFile& file, u64 offset, std::span<u8> target);

} // namespace linux
