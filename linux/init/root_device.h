// SPDX-License-Identifier: BSD-2-Clause
// The root file system on a disk.
#pragma once

namespace linux {

// Mounts what root= names over the first root and makes it the current task's root. Panics, after
// saying which devices there are, when it cannot. Process 1, before its first program.
void mount_root_device();

} // namespace linux
