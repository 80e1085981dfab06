// SPDX-License-Identifier: BSD-2-Clause
// Reading what a descriptor block and a revoke block list. The bytes are the caller's, whole blocks
// that may hold anything.
#pragma once

#include "components/fs/ext4/journal/log.h"

namespace ext4::journal {

struct LoggedBlock {
    u64 block = 0; // its home on the volume
    u32 flags = 0; // tag_flag
    u32 checksum = 0;
};

// A descriptor's tags, one after the other. It keeps its place, not the bytes: views may be taken
// again between two calls.
class TagReader {
public:
    explicit TagReader(const Log& log) : log_(log) {}
    // False after the last one.
    bool next(std::span<const u8> descriptor, LoggedBlock& logged);

private:
    const Log& log_;
    usize at_ = sizeof(Header);
    bool done_ = false;
};

class RevokeReader {
public:
    RevokeReader(const Log& log, std::span<const u8> block);
    bool next(u64& revoked);

private:
    std::span<const u8> bytes_; // the numbers
    usize width_;
};

// Whether a block in the log is what its tag says.
bool data_matches(const Log& log, const LoggedBlock& logged, u32 sequence,
                  std::span<const u8> bytes);
// Whether a commit block is whole; `sum` is that of the transaction's blocks (version 1).
bool commit_matches(const Log& log, std::span<const u8> block, u32 sum);

} // namespace ext4::journal
