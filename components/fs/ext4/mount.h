// SPDX-License-Identifier: BSD-2-Clause
// Bringing a volume up and down: the superblock, what it demands, and its state while mounted.
#pragma once

#include "components/fs/ext4/volume.h"

namespace ext4 {

// Fills in the volume from the disk, after its log has been recovered. A volume that can only be
// read is mounted read-only, with a message; others are written to after begin_writing. `flags` are
// component::mount_flag. Errors: inval (no ext4 volume, or features this cannot do: named in a
// message), rofs (it needs recovery, which may not write), uclean, io.
Result<> mount_volume(Attempt& attempt, u32 flags);
// Marks the volume as in use, on disk, and opens its log: the layout says where it lies, without
// pieces there is none. Errors: as above; rofs where features forbid it.
Result<component::LogLayout> begin_writing(Attempt& attempt, std::span<BlockRange> pieces);
// An instance that begins with an empty arena behind a mounted volume fills it from the published
// state. Does nothing otherwise.
Result<> ensure_loaded(Attempt& attempt);
// Writes the counts into the superblock; with `done`, also that the volume is no longer in use.
enum class SyncKind { in_use, done };
Result<> sync_superblock(Attempt& attempt, SyncKind kind);

// Before a file gets `size` bytes: sets the feature that sizes of 2 GiB and more need.
Result<> note_large_file(Attempt& attempt, u64 size);

component::VolumeInfo volume_info(const Volume& volume);

// The superblock's block and the record within it.
u64 superblock_block(const Volume& volume);
Result<const Superblock*> view_superblock(Attempt& attempt);
Result<Superblock*> edit_superblock(Attempt& attempt);

} // namespace ext4
