// SPDX-License-Identifier: BSD-2-Clause
// One read or write of an open file, with the file position where it is used. For read(2) and its
// kin, and for calls that move bytes between files. Process context, no locks held.
#pragma once

#include "linux/vfs/open_file.h"

namespace linux {

// At the file position, which moves along. Errors: badf (not open for that), and the file's own.
Result<usize> read_at_position(OpenFile& file, IoCursor& target, IoFlags flags);
Result<usize> write_at_position(OpenFile& file, IoCursor& source, IoFlags flags);
// At an offset. Errors: spipe (a stream), inval (negative), badf.
Result<usize> read_at_offset(OpenFile& file, IoCursor& target, i64 offset, IoFlags flags);
Result<usize> write_at_offset(OpenFile& file, IoCursor& source, i64 offset, IoFlags flags);

} // namespace linux
