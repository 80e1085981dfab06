// SPDX-License-Identifier: BSD-2-Clause
// What the splicing calls share.
#pragma once

#include "linux/pipe/pipe_file.h"

namespace linux {

namespace splice_flag {
inline constexpr u32 move = 1, non_block = 2, more = 4, gift = 8, all = 15;
}

// One end of a transfer that is not a pipe: a file and where in it the next byte is.
struct SpliceEnd {
    OpenFile& file;
    u64 offset = 0;
};

// Bytes of a file as pages: those of its page cache where it has one, else copies. At most `length`
// bytes, of one page. Empty (length 0) at the end of the file. Errors: those of a read.
Result<PipeSlot> next_slot(const SpliceEnd& from, usize length, bool non_block);
// Whether the file has bytes that can be spliced from it (to it).
bool can_splice_from(const OpenFile& file);
bool can_splice_to(const OpenFile& file);

// A file's bytes into a pipe: waits for room once, then goes on while there is some. Moves
// from.offset. Errors: pipe, again, restartsys, and the file's.
Result<usize> splice_into_pipe(SpliceEnd& from, Pipe& to, usize length, bool non_block);

// Between pipes: moves, or (`share`, for tee) leaves them where they are too. Errors: pipe, again,
// restartsys, inval.
Result<usize> splice_pipes(Pipe& from, Pipe& to, usize length, bool non_block);
Result<usize> tee_pipes(Pipe& from, Pipe& to, usize length, bool non_block);

} // namespace linux
