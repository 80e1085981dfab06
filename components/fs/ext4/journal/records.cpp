// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/journal/records.h"

#include "components/fs/ext4/checksum.h"

namespace ext4::journal {

bool TagReader::next(std::span<const u8> descriptor, LoggedBlock& logged) {
    const usize size = log_.tag_bytes();
    const usize end = descriptor.size() - (log_.has_checksums() ? sizeof(Tail) : 0);
    if (done_ || at_ + size > end)
        return false;
    const bool wide = log_.incompatible & incompatible::bits64;
    u32 high;
    if (log_.incompatible & incompatible::checksum_v3) {
        const auto& tag = *record_at<TagV3>(descriptor, at_);
        logged = {tag.block, tag.flags, tag.checksum};
        high = tag.block_high;
    } else {
        // Its last field is there only in a wide one.
        const auto* tag = reinterpret_cast<const Tag*>(descriptor.data() + at_);
        logged = {tag->block, tag->flags, tag->checksum};
        high = wide ? u32{tag->block_high} : 0;
    }
    if (wide)
        logged.block = join(static_cast<u32>(logged.block), high);
    at_ += size;
    if (!(logged.flags & tag_flag::same_uuid))
        at_ += uuid_bytes;
    done_ = logged.flags & tag_flag::last;
    return true;
}

RevokeReader::RevokeReader(const Log& log, std::span<const u8> block)
    : width_(log.incompatible & incompatible::bits64 ? sizeof(u64) : sizeof(u32)) {
    const usize room = block.size() - (log.has_checksums() ? sizeof(Tail) : 0);
    const usize used = record_at<RevokeHeader>(block, 0)->bytes;
    if (used >= sizeof(RevokeHeader) && used <= room)
        bytes_ = block.first(used).subspan(sizeof(RevokeHeader));
}

bool RevokeReader::next(u64& revoked) {
    if (bytes_.size() < width_)
        return false;
    if (width_ == sizeof(u64)) {
        revoked = *reinterpret_cast<const Big64*>(bytes_.data());
    } else {
        revoked = *reinterpret_cast<const Big32*>(bytes_.data());
    }
    bytes_ = bytes_.subspan(width_);
    return true;
}

bool data_matches(const Log& log, const LoggedBlock& logged, u32 sequence,
                  std::span<const u8> bytes) {
    if (!log.has_checksums())
        return true;
    const u32 sum = crc32c(crc32c_of(log.seed, Big32(sequence)), bytes);
    return log.incompatible & incompatible::checksum_v3 ? logged.checksum == sum
                                                        : logged.checksum == (sum & 0xffff);
}

bool commit_matches(const Log& log, std::span<const u8> block, u32 sum) {
    const auto& commit = *record_at<Commit>(block, 0);
    if (log.has_checksums())
        return commit.checksum[0] ==
               checksum_with_hole(log.seed, block, __builtin_offsetof(Commit, checksum));
    if (!(log.compatible & compatible::checksum))
        return true;
    const bool is_without = commit.checksum_type == 0 && commit.checksum_size == 0;
    return is_without ? commit.checksum[0] == 0
                      : commit.checksum_type == checksum_crc32 &&
                            commit.checksum_size == sizeof(u32) && commit.checksum[0] == sum;
}

} // namespace ext4::journal
