// SPDX-License-Identifier: BSD-2-Clause
// The log of ext3 and ext4 (jbd2) on disk, as documented in the Linux kernel's "ext4 Data
// Structures and Algorithms", chapter "Journal". All numbers are big-endian. Nothing here may be
// trusted before it is checked.
#pragma once

#include <bit>

#include "base/types.h"

namespace ext4::journal {

// Aligned to a byte: tags stand at odd places.
template <typename T>
class BigEndian {
public:
    constexpr BigEndian() = default;
    BigEndian(T value) {
        value = std::byteswap(value);
        __builtin_memcpy(bytes_, &value, sizeof(T));
    }
    operator T() const {
        T value;
        __builtin_memcpy(&value, bytes_, sizeof(T));
        return std::byteswap(value);
    }

private:
    u8 bytes_[sizeof(T)] = {};
};
using Big16 = BigEndian<u16>;
using Big32 = BigEndian<u32>;
using Big64 = BigEndian<u64>;

inline constexpr u32 magic = 0xc03b'3998;

enum class BlockType : u32 {
    descriptor = 1,
    commit = 2,
    superblock_v1 = 3,
    superblock_v2 = 4,
    revoke = 5,
};

// Each block of the log that is not a copy of a metadata block begins with this.
struct Header {
    Big32 magic;
    Big32 type;
    Big32 sequence;
};

struct Superblock {
    Header header;
    Big32 block_size;
    Big32 blocks;   // of the whole log, this one included
    Big32 first;    // the first that may hold a transaction
    Big32 sequence; // of the transaction at `start`
    Big32 start;    // 0: nothing to recover
    Big32 error;
    // From here on zero in version 1.
    Big32 compatible;
    Big32 incompatible;
    Big32 read_only_compatible;
    u8 uuid[16];
    Big32 users;
    Big32 dynamic_superblock;
    Big32 most_in_transaction;
    Big32 most_data_in_transaction;
    u8 checksum_type;
    u8 padding[3];
    Big32 fast_commit_blocks; // at the end of the log
    Big32 head;
    Big32 reserved[40];
    Big32 checksum; // of the 1024 bytes with 0 here
    u8 user_uuids[16 * 48];
};
static_assert(sizeof(Superblock) == 1024);
static_assert(__builtin_offsetof(Superblock, checksum) == 0xfc);

namespace compatible {
inline constexpr u32 checksum = 0x1; // version 1: one CRC-32 for a transaction, in its commit block
} // namespace compatible

namespace incompatible {
inline constexpr u32 revoke = 0x1;
inline constexpr u32 bits64 = 0x2;
inline constexpr u32 asynchronous_commit = 0x4;
inline constexpr u32 checksum_v2 = 0x8;
inline constexpr u32 checksum_v3 = 0x10;
inline constexpr u32 fast_commit = 0x20;
inline constexpr u32 supported =
    revoke | bits64 | asynchronous_commit | checksum_v2 | checksum_v3 | fast_commit;
} // namespace incompatible

inline constexpr u8 checksum_crc32 = 1;
inline constexpr u8 checksum_crc32c = 4;

// A descriptor block: header, tags, and with checksums of version 2 or 3 a Tail at the very end.
// The blocks that the tags speak of follow in the log.
struct Tag {
    Big32 block;
    Big16 checksum; // lower half, version 2
    Big16 flags;
    Big32 block_high; // with bits64
};
struct TagV3 {
    Big32 block;
    Big32 flags;
    Big32 block_high;
    Big32 checksum;
};
static_assert(sizeof(Tag) == 12 && sizeof(TagV3) == 16);

namespace tag_flag {
inline constexpr u32 escaped = 1;   // the block began with `magic`; in the log it begins with 0
inline constexpr u32 same_uuid = 2; // else 16 bytes of UUID follow the tag
inline constexpr u32 last = 8;
} // namespace tag_flag
inline constexpr u32 uuid_bytes = 16;

struct Tail {
    Big32 checksum; // of the block with 0 here
};

struct RevokeHeader {
    Header header;
    Big32 bytes; // used, this header included
};

struct Commit {
    Header header;
    u8 checksum_type;
    u8 checksum_size;
    u8 padding[2];
    Big32 checksum[8];
    Big64 seconds;
    Big32 nanoseconds;
};
static_assert(sizeof(Commit) == 60);

} // namespace ext4::journal
