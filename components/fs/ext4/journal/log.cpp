// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/journal/log.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/mapping.h"

namespace ext4::journal {

namespace {

Failure refuse(Attempt& attempt, std::string_view why) {
    attempt.report("ext4: cannot use the journal: {}", why);
    return Failure(Errno::inval);
}

Result<> check_features(Attempt& attempt, const Log& log) {
    if (const u32 unknown = log.incompatible & ~incompatible::supported) {
        attempt.report("ext4: cannot use the journal: features {:#x} are unknown", unknown);
        return Failure(Errno::inval);
    }
    constexpr u32 both = incompatible::checksum_v2 | incompatible::checksum_v3;
    if ((log.incompatible & both) == both)
        return refuse(attempt, "two versions of checksums at once");
    if ((log.incompatible & incompatible::fast_commit) && log.start != 0)
        return refuse(attempt, "fast commits may have to be recovered; run e2fsck first");
    return {};
}

Result<> read_superblock(Attempt& attempt, Log& log, const Superblock& super, u64 file_blocks) {
    const u32 type = super.header.type;
    const bool is_second = type == static_cast<u32>(BlockType::superblock_v2);
    if (super.header.magic != magic ||
        (!is_second && type != static_cast<u32>(BlockType::superblock_v1)))
        return refuse(attempt, "no superblock");
    if (is_second) {
        log.compatible = super.compatible;
        log.incompatible = super.incompatible;
    }
    log.start = super.start;
    log.sequence = super.sequence;
    log.error = super.error;
    TRY(check_features(attempt, log));
    if (log.has_checksums()) {
        Superblock copy = super;
        seal_log_superblock(copy);
        if (super.checksum_type != checksum_crc32c || copy.checksum != super.checksum)
            return refuse(attempt, "wrong checksum in its superblock");
        log.seed = crc32c(~u32{0}, super.uuid);
    }
    log.first = super.first;
    log.end = super.blocks;
    if (super.block_size != attempt.block_size() || log.end > file_blocks)
        return refuse(attempt, "impossible size");
    if (log.incompatible & incompatible::fast_commit) {
        if (super.fast_commit_blocks >= log.end)
            return refuse(attempt, "impossible size of its fast commits");
        log.end -= super.fast_commit_blocks;
    }
    if (log.first == 0 || log.first >= log.end || log.start >= log.end ||
        (log.start != 0 && log.start < log.first))
        return refuse(attempt, "impossible place of its first block");
    return {};
}

} // namespace

u32 Log::tag_bytes() const {
    if (incompatible & incompatible::checksum_v3)
        return sizeof(TagV3);
    const u32 wide = sizeof(Tag) + (incompatible & incompatible::checksum_v2 ? 2 : 0);
    return incompatible & incompatible::bits64 ? wide : wide - 4;
}

Result<Log> open_log(Attempt& attempt) {
    const Volume& volume = attempt.volume();
    const auto* super =
        record_at<ext4::Superblock>(TRY(attempt.view(superblock_offset / volume.block_size)),
                                    superblock_offset % volume.block_size);
    if (super->journal_device != 0 || super->journal_inode != journal_inode)
        return refuse(attempt, "it lies elsewhere");
    Log log;
    log.inode = TRY(find_inode(attempt, journal_inode));
    const InodeRecord* record = TRY(view_record(attempt, log.inode));
    if (!is_regular(*record) || record->links == 0)
        return refuse(attempt, "inode 8 is no file");
    const u64 blocks = size_of(*record) >> volume.block_shift;
    const auto* own = record_at<Superblock>(TRY(view_log(attempt, log, 0)), 0);
    TRY(read_superblock(attempt, log, *own, blocks));
    return log;
}

Result<u64> block_of(Attempt& attempt, Log& log, u32 index) {
    if (index - log.piece.logical >= log.piece.length) {
        log.piece = TRY(map_block(attempt, log.inode, index));
        if (log.piece.kind != FileExtent::Kind::mapped ||
            !attempt.volume().contains(log.piece.physical, log.piece.length))
            return attempt.damaged("ext4: the journal has no block {}", index);
    }
    return log.piece.physical + (index - log.piece.logical);
}

Result<std::span<const u8>> view_log(Attempt& attempt, Log& log, u32 index) {
    return attempt.view(TRY(block_of(attempt, log, index)));
}

Result<std::span<u8>> edit_log_superblock(Attempt& attempt, Log& log) {
    return attempt.edit(TRY(block_of(attempt, log, 0)));
}

void seal_log_superblock(Superblock& super) {
    super.checksum = 0;
    constexpr u32 with_checksum = incompatible::checksum_v2 | incompatible::checksum_v3;
    if (super.incompatible & with_checksum)
        super.checksum = crc32c_of(~u32{0}, super);
}

const Header* header_of(std::span<const u8> bytes, u32 sequence) {
    const auto* header = record_at<Header>(bytes, 0);
    return header->magic == magic && header->sequence == sequence ? header : nullptr;
}

u32 checksum_with_hole(u32 seed, std::span<const u8> bytes, usize hole) {
    const u32 sum = crc32c_of(crc32c(seed, bytes.first(hole)), u32{0});
    return crc32c(sum, bytes.subspan(hole + sizeof(u32)));
}

bool tail_matches(const Log& log, std::span<const u8> bytes) {
    if (!log.has_checksums())
        return true;
    const usize at = bytes.size() - sizeof(Tail);
    return record_at<Tail>(bytes, at)->checksum == checksum_with_hole(log.seed, bytes, at);
}

} // namespace ext4::journal
