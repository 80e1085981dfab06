// SPDX-License-Identifier: BSD-2-Clause
// Transactions as jbd2 writes them: what the core asks for when it commits. The core keeps head,
// tail and sequence and hands back the few words that say how records look (LogLayout::words), so
// nothing here depends on the arena.
#pragma once

#include "components/fs/ext4/journal/log.h"

namespace ext4::journal {

using component::LogLayout;
using component::LogRecord;

// Makes the (empty) log ready for this writer's records, on disk, and describes it: `pieces` gets
// the ranges of all its blocks. Errors: inval (a log this cannot use, with a report), uclean, io.
Result<LogLayout> open_for_writing(Attempt& attempt, std::span<BlockRange> pieces);

// Records. `numbers` as component::LogRecord says; `block` gets the record, all of it. Errors:
// inval, and those of views.
Result<> describe(const VolumeServices& services, LogRecord& record, std::span<const u64> numbers,
                  std::span<u8> block);
Result<> revoke(LogRecord& record, std::span<const u64> numbers, std::span<u8> block);
Result<> commit(const LogRecord& record, std::span<u8> block);
// `block` holds the superblock as it is.
Result<> mark(const LogRecord& record, std::span<u8> block);

} // namespace ext4::journal
